import { expect, test } from 'vitest'
import { numericsOf } from '../../src/backends/reference/numerics.ts'
import { attention, attnMix, attnWeights } from '../../src/backends/reference/ops/attention.ts'
import { visibleKeys } from '../../src/backends/reference/ops/attention-row.ts'
import { distinct, run } from './run.ts'

const { f32 } = numericsOf

test('the mask rule says which keys a query sees', () => {
  const sizes = { S: 2, K: 5, H: 1, G: 1, E: 2 }
  expect(visibleKeys({ kind: 'full', window: null }, 0, sizes)).toEqual([0, 5])
  expect(visibleKeys({ kind: 'causal', window: null }, 0, sizes)).toEqual([0, 4])
  expect(visibleKeys({ kind: 'causal', window: null }, 1, sizes)).toEqual([0, 5])
  expect(visibleKeys({ kind: 'causal', window: 2 }, 1, sizes)).toEqual([3, 5])
  expect(visibleKeys({ kind: 'causal', window: 9 }, 1, sizes)).toEqual([0, 5])
})

test('weights are the softmax of the visible scores, 0 where hidden', () => {
  const sizes = { S: 2, K: 2, H: 1, G: 1, E: 4 }
  const q = Float32Array.of(2, 0, 0, 0, 0, 2, 0, 0)
  const keys = Float32Array.of(Math.log(2), 0, 0, 0, 0, Math.log(3), 0, 0)
  const [a, b, c, d] = run(4, (out) => attnWeights(out, q, keys, { kind: 'causal', window: null }, sizes, f32))
  expect([a, b]).toEqual([1, 0])
  expect(c).toBeCloseTo(0.25, 6) // scores 0 and log 3
  expect(d).toBeCloseTo(0.75, 6)
})

test('neighbouring query heads share a key head', () => {
  const sizes = { S: 1, K: 2, H: 4, G: 2, E: 1 }
  const weights = Float32Array.of(1, 0, 0, 1, 1, 0, 0, 1) // (4, 1, 2)
  const values = Float32Array.of(10, 20, 30, 40) // (2, 2 groups * 1)
  expect(run(4, (out) => attnMix(out, weights, values, sizes, f32))).toEqual([10, 30, 20, 40])
})

test('the fused op gives the bits of the pair, whatever the mask', () => {
  const sizes = { S: 5, K: 9, H: 4, G: 2, E: 6 }
  const { S, K, H, G, E } = sizes
  const [q, keys, values] = [distinct(H * S * E), distinct(K * G * E, 2), distinct(K * G * E, 3)]
  for (const mask of [
    { kind: 'full', window: null } as const,
    ...[null, 1, 3].map((window) => ({ kind: 'causal', window }) as const),
  ]) {
    const weights = Float32Array.from(run(H * S * K, (out) => attnWeights(out, q, keys, mask, sizes, f32)))
    const pair = run(S * H * E, (out) => attnMix(out, weights, values, sizes, f32))
    expect(run(S * H * E, (out) => attention(out, q, keys, values, mask, sizes, f32))).toEqual(pair)
  }
})
