// Where the time of an answer went. Only the model's own work is counted: what a consumer of the stream does between
// two tokens is not decoding.
import type { Timings } from '../api.ts'

type Part = 'prefix' | 'prompt' | 'decode'

export class Stopwatch {
  readonly #ms: Record<Part, number> = { prefix: 0, prompt: 0, decode: 0 }
  #steps = 0

  time<T>(part: Part, work: () => T): T {
    const start = performance.now()
    try {
      return work()
    } finally {
      this.#ms[part] += performance.now() - start
    }
  }

  async wait<T>(part: Part, work: () => Promise<T>): Promise<T> {
    const start = performance.now()
    try {
      return await work()
    } finally {
      this.#ms[part] += performance.now() - start
    }
  }

  /** Counts a decode step; the first token of an answer comes from the prompt pass and is none. */
  step(): void {
    this.#steps++
  }

  timings(loadMs: number): Timings {
    const { prefix, prompt, decode } = this.#ms
    const tokensPerSecond = this.#steps === 0 ? 0 : (this.#steps / decode) * 1000
    return { loadMs, prefixMs: prefix, promptMs: prompt, decodeMs: decode, tokensPerSecond }
  }
}
