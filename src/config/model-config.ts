// What the rest of the project knows of a checkpoint's config.json and generation_config.json, checked.
import type { Family } from './family.ts'

/** Sizes by the field's letters: hidden, layers, query heads, key/value heads, head size, feed-forward, vocabulary. */
export interface Dims {
  readonly D: number
  readonly L: number
  readonly H: number
  readonly G: number
  readonly E: number
  readonly F: number
  readonly V: number
}

export interface ModelConfig {
  readonly family: Family
  readonly dims: Dims
  /** Patch side p in pixels; null for a checkpoint without vis_embed (text only). */
  readonly patchSize: number | null
  readonly rmsNormEps: number
  readonly ropeTheta: number
  /** Frequencies of the axes t, h, w; they add up to E / 2. 1-D rope is [E / 2, 0, 0]. */
  readonly ropeSections: readonly [number, number, number]
  readonly slidingWindow: number | null
  /** Largest number of positions, max_position_embeddings. */
  readonly maxPositions: number
  /** The head is the embedding table. */
  readonly tied: boolean
  readonly bias: { readonly q: boolean; readonly k: boolean; readonly v: boolean; readonly o: boolean }
  /** Ids that end a generation; empty = never. */
  readonly eosIds: readonly number[]
}
