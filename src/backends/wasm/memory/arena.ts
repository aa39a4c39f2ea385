// Who owns which bytes of one shard's memory: blocks are taken first fit from a list of free spans, at multiples of 64
// bytes, and neighbouring spans join when they come back; one that reaches the end moves the end back. What is taken never
// moves, so growing the cache adds pages and leaves the weights where they are. Only offsets are kept here; `size` is how
// large the memory must be.
const ALIGN = 64

interface Span {
  at: number
  bytes: number
}

export class Arena {
  readonly #limit: number
  readonly #free: Span[] = []
  readonly #taken = new Map<number, number>()
  #end: number

  /** Bytes below `start` belong to the kernels. */
  constructor(start: number, limit: number) {
    this.#end = align(start)
    this.#limit = limit
  }

  /** Bytes up to the end of the last block. */
  get size(): number {
    return this.#end
  }

  /** Offset of a new block, or null when it does not fit below the limit. */
  take(bytes: number): number | null {
    const need = align(Math.max(bytes, 1))
    const at = this.#reuse(need) ?? this.#extend(need)
    if (at !== null) this.#taken.set(at, need)
    return at
  }

  give(at: number): void {
    const bytes = this.#taken.get(at)
    if (bytes === undefined) return
    this.#taken.delete(at)
    let i = this.#free.findIndex((span) => span.at > at)
    if (i === -1) i = this.#free.length
    this.#free.splice(i, 0, { at, bytes })
    this.#join(i)
    this.#join(i - 1)
    const last = this.#free[this.#free.length - 1]
    if (last.at + last.bytes === this.#end) {
      this.#end = last.at
      this.#free.pop()
    }
  }

  #reuse(need: number): number | null {
    const i = this.#free.findIndex((span) => span.bytes >= need)
    if (i === -1) return null
    const span = this.#free[i]
    const { at } = span
    if (span.bytes === need) this.#free.splice(i, 1)
    else {
      span.at += need
      span.bytes -= need
    }
    return at
  }

  #extend(need: number): number | null {
    const at = this.#end
    if (at + need > this.#limit) return null
    this.#end = at + need
    return at
  }

  #join(i: number): void {
    const [span, next] = [this.#free[i], this.#free[i + 1]]
    if (span === undefined || next === undefined || span.at + span.bytes !== next.at) return
    span.bytes += next.bytes
    this.#free.splice(i + 1, 1)
  }
}

function align(bytes: number): number {
  return Math.ceil(bytes / ALIGN) * ALIGN
}
