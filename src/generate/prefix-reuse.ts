// Several questions about one image run its prefix once: the cache of the last answer is kept, and when the next
// sequence begins with the same tokens, positions and patches (compared value by value, no hash that could collide),
// it is cut back to the prefix instead of emptied. Only whole first passes are reused, as only they see no later token.
import type { PassPlan, Prepared } from '../api.ts'
import type { Engine, KvCache } from '../backends/backend.ts'

export class PrefixReuse {
  readonly #engine: Engine
  #cache: KvCache | null = null
  /** What the cache holds from its start; null when that is not known to be whole. */
  #held: Prepared | null = null

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** A cache for `prepared`, holding its image prefix already where the last sequence had the same. */
  take(prepared: Prepared): KvCache {
    const cache = this.#cache ?? this.#engine.createCache()
    this.#cache = cache
    const prefix = prefixPass(prepared)
    const reusable =
      prefix !== null && this.#held !== null && cache.length >= prefix.to && samePrefix(prepared, this.#held)
    cache.truncate(reusable ? prefix.to : 0)
    this.#held = reusable ? this.#held : null
    return cache
  }

  /** Says that the first pass of `prepared` is now whole in the cache. Its pixels are not needed to compare. */
  hold(prepared: Prepared): void {
    this.#held = { ...prepared, image: null }
  }

  free(): void {
    this.#cache?.free()
    this.#cache = null
    this.#held = null
  }
}

/** The pass that reads the image, when it is a pass of its own. */
function prefixPass({ passes, patches }: Prepared): PassPlan | null {
  return patches !== null && passes.length > 1 ? (passes[0] ?? null) : null
}

function samePrefix(a: Prepared, b: Prepared): boolean {
  const [p, q] = [prefixPass(a), prefixPass(b)]
  if (p === null || q === null || p.to !== q.to) return false
  const rows = [0, 1, 2].every((axis) => equal(axisOf(a, axis, p.to), axisOf(b, axis, q.to)))
  return rows && equal(a.ids.subarray(0, p.to), b.ids.subarray(0, q.to)) && samePatches(a, b)
}

function axisOf({ positions, ids }: Prepared, axis: number, to: number): Int32Array {
  return positions.subarray(axis * ids.length, axis * ids.length + to)
}

function samePatches({ patches: a }: Prepared, { patches: b }: Prepared): boolean {
  return a !== null && b !== null && (a.data === b.data || equal(a.data, b.data))
}

function equal(a: Int32Array | Float32Array, b: Int32Array | Float32Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
