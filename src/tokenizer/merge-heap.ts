// A binary heap of candidate merges, lowest rank first, leftmost place first among equals. Rank and place share one
// number, rank * 2^27 + place: both are bounded (2^22 merges, 2^24 characters of at most 3 bytes), so it stays exact below 2^53.

const SHIFT = 2 ** 27

export class MergeHeap {
  /** What the last pop took out. */
  rank = 0
  place = 0
  readonly #keys: number[] = []

  push(rank: number, place: number): void {
    const keys = this.#keys
    const key = rank * SHIFT + place
    let i = keys.length
    keys.push(key)
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (keys[parent] <= key) break
      keys[i] = keys[parent]
      i = parent
    }
    keys[i] = key
  }

  /** Takes the first candidate out into `rank` and `place`; false when there is none. */
  pop(): boolean {
    const keys = this.#keys
    if (keys.length === 0) return false
    const top = keys[0]
    const last = keys.pop()!
    if (keys.length > 0) this.#sink(last)
    this.rank = Math.floor(top / SHIFT)
    this.place = top % SHIFT
    return true
  }

  /** Puts `key` at the root and lets it sink to its place. */
  #sink(key: number): void {
    const keys = this.#keys
    const n = keys.length
    let i = 0
    for (let child = 1; child < n; child = 2 * i + 1) {
      if (child + 1 < n && keys[child + 1] < keys[child]) child++
      if (keys[child] >= key) break
      keys[i] = keys[child]
      i = child
    }
    keys[i] = key
  }
}
