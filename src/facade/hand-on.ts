// The turn of a stream whose consumer may not come back. While an item is out nothing runs, so an abort then hands the
// turn on at once; the consumer learns of it when it asks for the next item, if it ever does.

export async function* handOnWhenAborted<T, R>(
  items: AsyncGenerator<T, R>,
  release: () => void,
  signal: AbortSignal | undefined,
): AsyncGenerator<T, R> {
  try {
    for (;;) {
      const { done, value } = await items.next()
      if (done) return value
      if (signal?.aborted) release()
      signal?.addEventListener('abort', release, { once: true })
      yield value
      signal?.removeEventListener('abort', release)
    }
  } finally {
    signal?.removeEventListener('abort', release)
    await items.return(undefined as never)
  }
}
