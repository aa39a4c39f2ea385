// The three steps of one query row of attention, shared by the ops of attention.ts: score, exponentiate, mix.
// Keys and values come from the cache as (K, G * E), a row a token, groups side by side; query head h reads group
// floor(h * G / H), so H / G neighbouring heads share one (upstream's repeat_kv).
import { dots } from '../dots.ts'

export interface AttentionSizes {
  readonly S: number
  readonly K: number
  readonly H: number
  readonly G: number
  readonly E: number
}

/** The key/value head of query head h. */
function groupOf(h: number, H: number, G: number): number {
  return Math.floor((h * G) / H)
}

/** scores[k] = q[h, s] . keys[from + k, g], k < n. q (H, S, E). */
export function scoreRow(
  scores: Float64Array,
  q: Float32Array,
  keys: Float32Array,
  [h, s, from, n]: readonly [number, number, number, number],
  { S, H, G, E }: AttentionSizes,
): void {
  const g = groupOf(h, H, G)
  dots(scores, n, E, q, (h * S + s) * E, keys, (from * G + g) * E, G * E)
}

/** scores[k] becomes exp(scores[k] - max), k < n; returns their sum. */
export function expRow(scores: Float64Array, n: number): number {
  let max = Number.NEGATIVE_INFINITY
  for (let k = 0; k < n; k++) if (scores[k] > max) max = scores[k]
  let sum = 0
  for (let k = 0; k < n; k++) {
    scores[k] = Math.exp(scores[k] - max)
    sum += scores[k]
  }
  return sum
}

/** mixed[e] = sum over k < n of weights[at + k] * values[from + k, g, e]. */
export function mixRow(
  mixed: Float64Array,
  weights: Float32Array,
  at: number,
  values: Float32Array,
  [h, from, n]: readonly [number, number, number],
  { H, G, E }: AttentionSizes,
): void {
  const g = groupOf(h, H, G)
  mixed.fill(0)
  for (let k = 0; k < n; k++) {
    const weight = weights[at + k]
    const row = ((from + k) * G + g) * E
    for (let e = 0; e < E; e++) mixed[e] += weight * values[row + e]
  }
}
