// Where the workers of a team wait for each other: a few words of shared memory. Each worker adds itself to ARRIVED; the
// last one sets it back, decides whether the pass goes on and moves GENERATION, which the others watch: first by looking
// again and again, which costs nothing when all are about equally fast, then asleep. The decision is the last worker's
// alone, so either all go on or all leave. A sleeper says so before it sleeps, so nobody is woken without need.
const GENERATION = 0
const ARRIVED = 1
const ASLEEP = 2
const ABORT = 3
const STOP = 4

/** How often a worker looks before it sleeps: some tens of microseconds. */
const LOOKS = 4000

export class Barrier {
  readonly #words: Int32Array
  readonly #threads: number

  /** Words that all workers share; `Barrier.bytes` of them. */
  constructor(words: ArrayBufferLike, threads: number) {
    this.#words = new Int32Array(words)
    this.#threads = threads
  }

  static readonly bytes = 64

  /** Waits for all. False: the pass was aborted, and all leave it here. */
  wait(): boolean {
    const words = this.#words
    if (this.#threads === 1) return Atomics.load(words, ABORT) === 0
    const generation = Atomics.load(words, GENERATION)
    if (Atomics.add(words, ARRIVED, 1) === this.#threads - 1) this.#release()
    else this.#waitFor(generation)
    return Atomics.load(words, STOP) === 0
  }

  /** Before a pass; nobody may be inside one. */
  reset(): void {
    for (const word of [ARRIVED, ABORT, STOP]) Atomics.store(this.#words, word, 0)
  }

  /** Asks the team to leave the pass at its next barrier. */
  abort(): void {
    Atomics.store(this.#words, ABORT, 1)
  }

  /** Lets those go that wait for a worker which will not come. */
  breakUp(): void {
    this.abort()
    this.#release()
  }

  #release(): void {
    const words = this.#words
    Atomics.store(words, ARRIVED, 0)
    Atomics.store(words, STOP, Atomics.load(words, ABORT))
    Atomics.add(words, GENERATION, 1)
    if (Atomics.load(words, ASLEEP) > 0) Atomics.notify(words, GENERATION)
  }

  #waitFor(generation: number): void {
    const words = this.#words
    for (let i = 0; i < LOOKS; i++) if (Atomics.load(words, GENERATION) !== generation) return
    Atomics.add(words, ASLEEP, 1)
    while (Atomics.load(words, GENERATION) === generation) Atomics.wait(words, GENERATION, generation)
    Atomics.sub(words, ASLEEP, 1)
  }
}
