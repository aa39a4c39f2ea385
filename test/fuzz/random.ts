// Seeded random choices for fuzzing: the same seed and number give the same input on every machine, so a finding is told
// by three words, parser, seed and number. mulberry32, whose state is 32 bits. Source: Tommy Ettinger, public domain.

export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0
  }

  /** The generator of one input: neighbouring numbers give unrelated streams. */
  static of(seed: number, index: number): Random {
    const mixed = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(index + 1, 0xc2b2ae35)
    return new Random(mixed ^ (mixed >>> 15))
  }

  /** An integer in [0, n); n of 1 or more. */
  below(n: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) * n) / 2 ** 32)
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256))
  }
}
