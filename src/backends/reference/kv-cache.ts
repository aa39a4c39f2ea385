// Keys and values of the tokens seen so far: for each layer two arrays (capacity, G * E), a row a token. A pass writes its
// rows from `length` on; `length` moves only when the pass is kept, so a pass that failed or was only looked at leaves
// rows that the next one overwrites. `truncate` is how one image prefix serves several prompts.
import type { GraphSizes } from '../../graph/graph.ts'
import type { KvCache } from '../backend.ts'
import { type CacheState, expectIdle, expectLength } from '../check-cache.ts'

const FIRST_CAPACITY = 64

export class ReferenceCache implements KvCache {
  readonly owner: object
  readonly #sizes: GraphSizes
  #rows: Record<'k' | 'v', Float32Array[]>
  #capacity = 0
  #length = 0
  #state: CacheState = 'idle'

  constructor(owner: object, sizes: GraphSizes) {
    this.owner = owner
    this.#sizes = sizes
    const none = () => Array.from({ length: sizes.L }, () => new Float32Array(0))
    this.#rows = { k: none(), v: none() }
  }

  get length(): number {
    return this.#length
  }

  truncate(length: number): void {
    expectIdle(this.#state, 'truncate')
    expectLength(length, this.#length)
    this.#length = length
  }

  free(): void {
    if (this.#state === 'freed') return
    expectIdle(this.#state, 'free')
    this.#rows = { k: [], v: [] }
    this.#length = 0
    this.#state = 'freed'
  }

  /** Takes the cache for one pass and makes room for `length` tokens. Hand it back with `end`. */
  begin(length: number): void {
    expectIdle(this.#state, 'run')
    this.#grow(length)
    this.#state = 'running'
  }

  /** Ends a pass; the cache is `length` tokens long from here on. */
  end(length: number): void {
    this.#length = length
    this.#state = 'idle'
  }

  /** Writes the S rows of a pass behind `length`; returns the layer's whole array. k comes as (G, S, E), v as (S, G * E). */
  append(layer: number, part: 'k' | 'v', input: Float32Array, S: number): Float32Array {
    const { G, E } = this.#sizes
    const rows = this.#rows[part][layer]
    const start = this.#length * G * E
    if (part === 'v') rows.set(input, start)
    else
      for (let g = 0; g < G; g++)
        for (let s = 0; s < S; s++) {
          const from = (g * S + s) * E
          rows.set(input.subarray(from, from + E), start + (s * G + g) * E)
        }
    return rows
  }

  #grow(length: number): void {
    if (length <= this.#capacity) return
    const { G, E } = this.#sizes
    const capacity = Math.max(length, FIRST_CAPACITY, this.#capacity * 2)
    const wider = (rows: Float32Array): Float32Array => {
      const grown = new Float32Array(capacity * G * E)
      grown.set(rows.subarray(0, this.#length * G * E))
      return grown
    }
    this.#rows = { k: this.#rows.k.map(wider), v: this.#rows.v.map(wider) }
    this.#capacity = capacity
  }
}
