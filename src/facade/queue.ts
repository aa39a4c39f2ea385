// First come, first served: one holder at a time, the others wait in order. A waiter whose signal aborts leaves the
// queue and never holds it. (p-limit and its kin have no way out for one who waits.)

export class Queue {
  #held = false
  readonly #waiting: (() => void)[] = []

  /** Waits for its turn; call the result once to hand the turn on. @throws signal.reason */
  async acquire(signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted()
    if (this.#held) await this.#turn(signal)
    this.#held = true
    let released = false
    return () => {
      if (released) return
      released = true
      const next = this.#waiting.shift()
      if (next === undefined) this.#held = false
      else next()
    }
  }

  /** The turn passes from holder to waiter without a gap that a newcomer could slip through: `held` stays true. */
  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        signal?.removeEventListener('abort', leave)
        resolve()
      }
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1)
        reject(signal?.reason)
      }
      this.#waiting.push(enter)
      signal?.addEventListener('abort', leave, { once: true })
    })
  }
}
