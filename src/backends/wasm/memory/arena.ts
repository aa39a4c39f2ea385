// Who owns which bytes of one shard's memory: blocks are taken first fit from a list of free spans, at multiples of 64
// bytes, and neighbouring spans join when they come back. What is taken never moves, so growing the cache adds pages and
// leaves the weights where they are. Only offsets are kept here; `size` is how large the memory must be.
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

  /** Bytes up to the end of the last block ever taken. */
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

  /** Takes from the end, beginning in a free span that reaches it. */
  #extend(need: number): number | null {
    const last = this.#free.at(-1)
    const open = last !== undefined && last.at + last.bytes === this.#end ? last : null
    const at = open?.at ?? this.#end
    if (at + need > this.#limit) return null
    if (open !== null) this.#free.pop()
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
