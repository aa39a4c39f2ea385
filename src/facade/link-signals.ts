// Abort signals put together. AbortSignal.any would do, but it is missing before Node 20.3 and keeps its sources alive in
// Node 20: a long-lived signal would gather one listener a token.

export interface Link {
  /** Aborts with the reason of the first of the signals that does. */
  readonly signal: AbortSignal
  /** Ends the link; call it when the work is done. */
  unlink(): void
}

export function linkSignals(...signals: readonly (AbortSignal | undefined)[]): Link {
  const control = new AbortController()
  const links = signals.flatMap((signal) => {
    if (signal === undefined) return []
    const abort = (): void => control.abort(signal.reason)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    return [() => signal.removeEventListener('abort', abort)]
  })
  const unlink = (): void => {
    for (const remove of links) remove()
  }
  return { signal: control.signal, unlink }
}

/** The promise's outcome, or the signal's reason when that aborts first. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let leave = (): void => {}
  const aborted = new Promise<never>((_, reject) => {
    leave = () => reject(signal.reason)
    if (signal.aborted) leave()
    else signal.addEventListener('abort', leave, { once: true })
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', leave)
  }
}
