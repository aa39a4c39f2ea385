// Where the workers of a team wait for each other: a few words of shared memory. Each worker adds itself to ARRIVED; the
// last one sets it back, decides whether the pass goes on and moves GENERATION, which the others watch: first by looking
// again and again, which costs nothing when all are about equally fast, then asleep. The decision is the last worker's
// alone, so either all go on or all leave; an odd GENERATION says leave, and since it moves only when all have arrived, it
// still says so to one who wakes up when the next pass has begun. A sleeper says so first: nobody is woken without need.
// To be woken takes longer than many an op, so a worker whose sleep was brief looks longer the next time; one that slept long
// waits for somebody who has no processor, and would only keep it from him.
const GENERATION = 0
const ARRIVED = 1
const ASLEEP = 2
const ABORT = 3

/** How often a worker looks before it sleeps, at first and at least, and at most: some tens of microseconds, a millisecond. */
const LOOKS = [4000, 128_000] as const

/** Milliseconds of sleep that looking would have been better than. */
const BRIEF = 1

export class Barrier {
  readonly #words: Int32Array
  readonly #threads: number
  #looks: number = LOOKS[0]

  /** Words that all workers share; `Barrier.bytes` of them. */
  constructor(words: ArrayBufferLike, threads: number) {
    this.#words = new Int32Array(words)
    this.#threads = threads
  }

  static readonly bytes = 64

  /** Waits for all. False: the pass was aborted, and all leave it here. */
  wait(): boolean {
    const words = this.#words
    if (this.#threads === 1) return !this.aborted
    const generation = Atomics.load(words, GENERATION)
    const last = Atomics.add(words, ARRIVED, 1) === this.#threads - 1
    return (last ? this.#release() : this.#waitFor(generation)) % 2 === 0
  }

  /** Whether the team is to leave: long work looks between its pieces, and need not end what nobody will read. */
  get aborted(): boolean {
    return Atomics.load(this.#words, ABORT) !== 0
  }

  /** Before a pass; nobody may be inside one. */
  reset(): void {
    for (const word of [ARRIVED, ABORT]) Atomics.store(this.#words, word, 0)
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

  /** The new generation: the next even number, or odd one after an abort. */
  #release(): number {
    const words = this.#words
    Atomics.store(words, ARRIVED, 0)
    const generation = ((Atomics.load(words, GENERATION) | 1) + 1 + Number(this.aborted)) | 0
    Atomics.store(words, GENERATION, generation)
    if (Atomics.load(words, ASLEEP) > 0) Atomics.notify(words, GENERATION)
    return generation
  }

  #waitFor(before: number): number {
    const words = this.#words
    for (let i = 0; i < this.#looks; i++) {
      const now = Atomics.load(words, GENERATION)
      if (now !== before) return now
    }
    const start = performance.now()
    Atomics.add(words, ASLEEP, 1)
    while (Atomics.load(words, GENERATION) === before) Atomics.wait(words, GENERATION, before)
    Atomics.sub(words, ASLEEP, 1)
    const brief = performance.now() - start < BRIEF
    this.#looks = brief ? Math.min(LOOKS[1], this.#looks * 2) : Math.max(LOOKS[0], this.#looks / 2)
    return Atomics.load(words, GENERATION)
  }
}
