// Work that pushes items, as a generator that they are pulled from: the work waits inside `take` until its item was
// consumed, so there is never more than one between them. A consumer that leaves aborts the work and waits for its end.
//   work:      make a .. take(a) ........ make b .. take(b) ..
//   consumer:           next() = a  .. next() ..... = b

/** Waits until the item was consumed; one at a time. Rejects when the consumer left. */
export type Take<T> = (item: T) => Promise<void>

interface Offer<T> {
  readonly item: T
  readonly taken: () => void
  readonly refused: (reason: unknown) => void
}

/** @returns what the work gives at its end   @throws what the work throws */
export async function* handover<T, R>(
  work: (take: Take<T>, left: AbortSignal) => Promise<R>,
): AsyncGenerator<T, Awaited<R>> {
  const control = new AbortController()
  const left = control.signal
  const offers: Offer<T>[] = []
  let ended = false
  let wake = (): void => {}
  const take: Take<T> = (item) =>
    new Promise((taken, refused) => {
      left.throwIfAborted()
      offers.push({ item, taken, refused })
      wake()
    })
  const result = work(take, left)
  const finish = (): void => {
    ended = true
    wake()
  }
  const end = result.then(finish, finish)
  try {
    for (;;) {
      const offer = offers[0]
      if (offer !== undefined) {
        yield offer.item
        offers.shift()
        offer.taken()
      } else if (ended) return await result
      else
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
  } finally {
    control.abort(new Error('the consumer left'))
    for (const { refused } of offers) refused(left.reason)
    await end
  }
}
