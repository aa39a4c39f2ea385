// attnWeights: softmax over the visible keys of q . k / sqrt(E); scores are rounded first, as upstream's are, then the
//   exponentials and their sum run in f64.                                                     (H, S, K), 0 where hidden
// attnMix: weights times values, heads side by side.                                                          (S, H * E)
// attention: both, one query row at a time; in f32 the bits are the same.                                       (S, H * E)
// In bf16 the pair is upstream's eager attention and `attention` its SDPA: PyTorch's CPU kernel keeps scores in f32,
// rounds exp(score - max) for the product with v, and divides by the f32 sum at the end.
import { type MaskRule, visibleKeys } from '../../../config/mask-rule.ts'
import type { Numerics } from '../numerics.ts'
import type { Work } from '../work.ts'
import { type AttentionSizes, expRow, mixRow, scoreRow } from './attention-row.ts'

export function* attnWeights(
  out: Float32Array,
  q: Float32Array,
  keys: Float32Array,
  mask: MaskRule,
  sizes: AttentionSizes,
  { result, step }: Numerics,
): Work {
  const { S, K, H, E } = sizes
  const scores = new Float64Array(K)
  for (let h = 0; h < H; h++)
    for (let s = 0; s < S; s++) {
      const [from, to] = visibleKeys(mask, s, S, K)
      const n = to - from
      scoreRow(scores, q, keys, [h, s, from, n], sizes)
      for (let k = 0; k < n; k++) scores[k] = result(step(scores[k]) / Math.sqrt(E))
      const sum = expRow(scores, n)
      const row = (h * S + s) * K
      out.fill(0, row, row + K)
      for (let k = 0; k < n; k++) out[row + from + k] = result(scores[k] / sum)
      yield
    }
}

export function* attnMix(
  out: Float32Array,
  weights: Float32Array,
  values: Float32Array,
  sizes: AttentionSizes,
  { result }: Numerics,
): Work {
  const { S, K, H, E } = sizes
  const mixed = new Float64Array(E)
  for (let h = 0; h < H; h++)
    for (let s = 0; s < S; s++) {
      mixRow(mixed, weights, (h * S + s) * K, values, [h, 0, K], sizes)
      for (let e = 0; e < E; e++) out[(s * H + h) * E + e] = result(mixed[e])
      yield
    }
}

export function* attention(
  out: Float32Array,
  q: Float32Array,
  keys: Float32Array,
  values: Float32Array,
  mask: MaskRule,
  sizes: AttentionSizes,
  { name, result }: Numerics,
): Work {
  const { S, K, H, E } = sizes
  const scores = new Float64Array(K)
  const weights = new Float32Array(K)
  const mixed = new Float64Array(E)
  for (let h = 0; h < H; h++)
    for (let s = 0; s < S; s++) {
      const [from, to] = visibleKeys(mask, s, S, K)
      const n = to - from
      scoreRow(scores, q, keys, [h, s, from, n], sizes)
      for (let k = 0; k < n; k++) scores[k] = Math.fround(scores[k] / Math.sqrt(E))
      const sum = expRow(scores, n)
      const [before, after] = name === 'bf16' ? [1, sum] : [sum, 1]
      for (let k = 0; k < n; k++) weights[k] = result(scores[k] / before)
      mixRow(mixed, weights, 0, values, [h, from, n], sizes)
      for (let e = 0; e < E; e++) out[(s * H + h) * E + e] = result(mixed[e] / after)
      yield
    }
}
