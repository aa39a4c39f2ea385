// A time limit on silence: a request may take as long as it likes while data keep coming, but a server that sends
// nothing for `stallMs` is given up. The guard also knows why a request failed, which fetch's own errors do not tell.
import { SailError } from '../errors.ts'

export interface StallGuard {
  readonly signal: AbortSignal
  /** Waits for the next piece of data, within the limit. */
  next<T>(piece: Promise<T>): Promise<T>
  /** What a failure really was: the caller's abort, a stall, a broken connection. */
  explain(cause: unknown, received?: string): unknown
  /** Ends the request. */
  stop(): void
}

export function stallGuard(file: string, stallMs: number, outer?: AbortSignal): StallGuard {
  const controller = new AbortController()
  const forward = (): void => controller.abort(outer?.reason)
  outer?.addEventListener('abort', forward)
  if (outer?.aborted) forward()
  let stalled = false
  return {
    signal: controller.signal,
    async next(piece) {
      const timer = setTimeout(() => {
        stalled = true
        controller.abort()
      }, stallMs)
      try {
        return await piece
      } finally {
        clearTimeout(timer)
      }
    },
    explain(cause, received) {
      if (outer?.aborted) return outer.reason
      if (stalled) {
        const found = `none for ${stallMs} ms`
        return new SailError('E_HTTP_STALLED', {
          file,
          expected: 'data from the server',
          found,
          hint: 'try again',
          cause,
        })
      }
      if (cause instanceof SailError) return cause
      if (received !== undefined) {
        return new SailError('E_HTTP_TRUNCATED', {
          file,
          expected: 'the whole part',
          found: received,
          hint: 'try again',
          cause,
        })
      }
      const inner = (cause as { cause?: { code?: unknown } }).cause?.code
      return new SailError('E_HTTP_NETWORK', { file, expected: 'an answer', found: String(inner ?? cause), cause })
    },
    stop() {
      outer?.removeEventListener('abort', forward)
      controller.abort()
    },
  }
}
