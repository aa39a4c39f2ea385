// Ops are generators: each `yield` stands where a run may pause, after at most a few milliseconds of loops. Pauses let
// aborts, timers and a server's other requests through, while one op of a large model takes minutes in plain loops.
export type Work = Generator<undefined, void>

/** Longest time in ms that a run keeps the event loop to itself. */
const BUSY_MS = 25

/** Drives the works of one run, with pauses between them and inside. */
export class Pace {
  readonly #signal: AbortSignal | undefined
  #until = performance.now() + BUSY_MS

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal
  }

  /** @throws signal.reason when the signal was aborted */
  async finish(work: Work): Promise<void> {
    this.#signal?.throwIfAborted()
    for (const _ of work) {
      if (performance.now() < this.#until) continue
      await new Promise((resolve) => setTimeout(resolve))
      this.#signal?.throwIfAborted()
      this.#until = performance.now() + BUSY_MS
    }
  }
}
