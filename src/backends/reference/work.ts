// Ops are generators: each `yield` stands where a run may pause, after at most a few milliseconds of loops. Pauses let
// aborts, timers and a server's other requests through, while one op of a large model takes minutes in plain loops.
import { SailError } from '../../errors.ts'

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

  /** @throws SailError E_ABORTED when the signal was aborted. */
  check(): void {
    if (this.#signal?.aborted !== true) return
    throw new SailError('E_ABORTED', { file: 'reference backend', found: 'an abort', cause: this.#signal.reason })
  }

  async finish(work: Work): Promise<void> {
    this.check()
    for (const _ of work) {
      if (performance.now() < this.#until) continue
      await new Promise((resolve) => setTimeout(resolve))
      this.check()
      this.#until = performance.now() + BUSY_MS
    }
  }
}
