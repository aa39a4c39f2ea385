// Twins of attention, attn_weights and attn_mix: one row at a time, in the kernels' f32 order (strict build).
// q (H, S, E), keys and values (K, G * E).
import type { AttentionSizes } from '../../../src/backends/reference/ops/attention-row.ts'
import { type MaskRule, visibleKeys } from '../../../src/config/mask-rule.ts'
import { exp } from './exp.ts'

const { fround } = Math
const PAGE = 128
const CHAIN = 256

export function attention(
  q: Float32Array,
  keys: Float32Array,
  values: Float32Array,
  mask: MaskRule,
  sizes: AttentionSizes,
): Float32Array {
  const { S, H, E } = sizes
  const out = new Float32Array(S * H * E)
  const factor = fround(1 / Math.sqrt(E))
  for (let h = 0; h < H; h++)
    for (let s = 0; s < S; s++) {
      const [first, end] = visibleKeys(mask, s, S, sizes.K)
      const mixed = new Float32Array(E)
      let highest = -3.4028234663852886e38
      let sum = 0
      for (let page = first - (first % PAGE); page < end; page += PAGE) {
        const [from, to] = [Math.max(first, page), Math.min(end, page + PAGE)]
        const scores = scoreRow(q, keys, h, s, from, to, sizes).map((score) => score * factor)
        const before = highest
        for (const score of scores) if (score > highest) highest = score
        const weights = scores.map((score) => exp(fround(score - highest)))
        const scale = exp(fround(before - highest))
        sum = fround(fround(sum * scale) + weights.reduce((total, weight) => fround(total + weight), 0))
        const page0 = mixRow(weights, 0, values, h, from, to, sizes)
        for (let e = 0; e < E; e++) mixed[e] = fround(mixed[e] * scale) + page0[e]
      }
      for (let e = 0; e < E; e++) out[(s * H + h) * E + e] = mixed[e] / sum
    }
  return out
}

export function attnWeights(q: Float32Array, keys: Float32Array, mask: MaskRule, sizes: AttentionSizes): Float32Array {
  const { S, K, H, E } = sizes
  const out = new Float32Array(H * S * K)
  const factor = fround(1 / Math.sqrt(E))
  for (let h = 0; h < H; h++)
    for (let s = 0; s < S; s++) {
      const [first, end] = visibleKeys(mask, s, S, sizes.K)
      const scores = scoreRow(q, keys, h, s, first, end, sizes)
      const highest = fround(Math.max(...scores.filter((score) => !Number.isNaN(score))) * factor)
      const weights = scores.map((score) => exp(fround(fround(score * factor) - highest)))
      const total = new Float32Array(4)
      for (let block = 0; block < weights.length; block += 128) {
        const sum = new Float32Array(4)
        for (let i = block; i < Math.min(block + 128, weights.length); i++) sum[i % 4] += weights[i]
        for (let lane = 0; lane < 4; lane++) total[lane] += sum[lane]
      }
      const sum = fround(fround(total[0] + total[1]) + fround(total[2] + total[3]))
      for (let i = 0; i < weights.length; i++) out[(h * S + s) * K + first + i] = weights[i] / sum
    }
  return out
}

/** weights (H, S, K). */
export function attnMix(weights: Float32Array, values: Float32Array, sizes: AttentionSizes): Float32Array {
  const { S, K, H, E } = sizes
  const out = new Float32Array(S * H * E)
  for (let h = 0; h < H; h++)
    for (let s = 0; s < S; s++)
      for (let page = 0; page < K; page += PAGE) {
        const mixed = mixRow(weights, (h * S + s) * K + page, values, h, page, Math.min(K, page + PAGE), sizes)
        for (let e = 0; e < E; e++) out[(s * H + h) * E + e] += mixed[e]
      }
  return out
}

/** q[h, s] . keys[k] for k in from..to. */
function scoreRow(
  q: Float32Array,
  keys: Float32Array,
  h: number,
  s: number,
  from: number,
  to: number,
  { S, H, G, E }: AttentionSizes,
): Float32Array {
  const g = Math.floor((h * G) / H)
  return Float32Array.from({ length: to - from }, (_, i) => {
    const sums: number[] = []
    for (let e = 0; e < E; e++) {
      if (e % CHAIN === 0) sums.push(0)
      const product = fround(q[(h * S + s) * E + e] * keys[((from + i) * G + g) * E + e])
      sums[sums.length - 1] = fround(sums[sums.length - 1] + product)
    }
    return sums.reduce((total, sum) => fround(total + sum))
  })
}

/** Sum over k in from..to of weights[at + k - from] * values[k], one chain. */
function mixRow(
  weights: Float32Array,
  at: number,
  values: Float32Array,
  h: number,
  from: number,
  to: number,
  { H, G, E }: AttentionSizes,
): Float32Array {
  const row = Math.floor((h * G) / H) * E
  const mixed = new Float32Array(E)
  for (let k = from; k < to; k++)
    for (let e = 0; e < E; e++) mixed[e] += fround(weights[at + k - from] * values[k * G * E + row + e])
  return mixed
}
