// Each op against numbers made by hand.
import { describe, expect, test } from 'vitest'
import { dots } from '../../src/backends/reference/dots.ts'
import { numericsOf } from '../../src/backends/reference/numerics.ts'
import { attention, attnMix, attnWeights } from '../../src/backends/reference/ops/attention.ts'
import { visibleKeys } from '../../src/backends/reference/ops/attention-row.ts'
import { add, swiglu } from '../../src/backends/reference/ops/elementwise.ts'
import { gather, lastRow, scatterAdd } from '../../src/backends/reference/ops/embedding.ts'
import { linear } from '../../src/backends/reference/ops/linear.ts'
import { rmsNorm } from '../../src/backends/reference/ops/rms-norm.ts'
import { inverseFrequencies, rope, rotary } from '../../src/backends/reference/ops/rope.ts'
import type { Work } from '../../src/backends/reference/work.ts'
import { f32ToBf16Bits } from '../../src/weights/formats/bf16.ts'
import { shared } from '../support/golden.ts'
import { floats, ints, openTensors } from './safetensors.ts'

const { f32, bf16 } = numericsOf
const { fround } = Math
const stored = (shape: number[], values: number[]) => ({ shape, data: Float32Array.from(values) })

/** The result of an op, as plain numbers. */
function run(size: number, op: (out: Float32Array) => Work): number[] {
  const out = new Float32Array(size).fill(Number.NaN)
  for (const _ of op(out));
  return [...out]
}

/** A row of seeded numbers, all different, both signs. */
const distinct = (n: number, seed = 1) =>
  Float32Array.from({ length: n }, (_, i) => Math.sin(seed + 1.7 * i) * (1 + (i % 5)))

test('dots equals a plain loop for any number of rows', () => {
  for (const n of [1, 3, 4, 5, 8, 11]) {
    const [x, w] = [distinct(10), distinct(n * 9, 2)]
    const out = new Float64Array(n)
    dots(out, n, 7, x, 2, w, 1, 9)
    const plain = Array.from({ length: n }, (_, j) => {
      let sum = 0
      for (let i = 0; i < 7; i++) sum += x[2 + i] * w[1 + j * 9 + i]
      return sum
    })
    expect([...out]).toEqual(plain)
  }
})

describe('linear', () => {
  test('multiplies by the transposed weight and adds the bias', () => {
    const weight = stored([2, 3], [1, 2, 3, 4, 5, 6])
    const input = Float32Array.of(1, 10, 100, 0, -1, 0.5)
    expect(run(4, (out) => linear(out, input, weight, null, f32))).toEqual([321, 654, -0.5, -2])
    expect(run(4, (out) => linear(out, input, weight, Float32Array.of(1, -4), f32))).toEqual([322, 650, 0.5, -6])
  })

  test('widens bf16 weights exactly', () => {
    const values = [1.5, -2, 0.25, 3]
    const weight = { shape: [2, 2], data: Uint16Array.from(values, f32ToBf16Bits) }
    expect(run(2, (out) => linear(out, Float32Array.of(1, 2), weight, null, f32))).toEqual([-2.5, 6.25])
  })

  test('sums in f64: a large term that cancels leaves the small one', () => {
    const weight = stored([1, 3], [1, 1, 1])
    expect(run(1, (out) => linear(out, Float32Array.of(2 ** 40, 2 ** -10, -(2 ** 40)), weight, null, f32))).toEqual([
      2 ** -10,
    ])
  })

  test('more columns than a block and more rows than a pause come out complete', () => {
    const [rows, cols, inner] = [67, 35, 3]
    const [input, weight] = [distinct(rows * inner), distinct(cols * inner, 3)]
    const got = run(rows * cols, (out) => linear(out, input, { shape: [cols, inner], data: weight }, null, f32))
    const plain = Array.from({ length: rows * cols }, (_, at) => {
      const [s, c] = [Math.floor(at / cols), at % cols]
      let sum = 0
      for (let i = 0; i < inner; i++) sum += input[s * inner + i] * weight[c * inner + i]
      return fround(sum)
    })
    expect(got).toEqual(plain)
  })
})

test('gather copies rows of the table', () => {
  const table = stored([3, 2], [1, 2, 3, 4, 5, 6])
  expect(run(6, (out) => gather(out, Int32Array.of(2, 0, 2), table))).toEqual([5, 6, 1, 2, 5, 6])
})

test('scatterAdd adds the patch to the token, and leaves text alone', () => {
  const input = Float32Array.of(1, 2, 3, 4, 5, 6)
  const rows = Float32Array.of(10, 20, 30, 40)
  const indices = Int32Array.of(1, -1, 0)
  expect(run(6, (out) => scatterAdd(out, input, rows, indices, f32))).toEqual([31, 42, 3, 4, 15, 26])
})

test('lastRow is the last row', () => {
  expect(run(2, (out) => lastRow(out, Float32Array.of(1, 2, 3, 4, 5, 6)))).toEqual([5, 6])
})

test('rmsNorm divides by the root of mean square plus eps, row by row', () => {
  const input = Float32Array.of(3, 4, 0, 0)
  const weight = Float32Array.of(1, 2)
  const scale = 1 / Math.sqrt(12.5 + 0.5)
  const expected = [fround(3 * scale), fround(4 * scale * 2), 0, 0]
  expect(run(4, (out) => rmsNorm(out, input, weight, 0.5, f32))).toEqual(expected)
})

describe('rotary position embedding', () => {
  test('frequencies follow the axes of their sections, the second half repeats the first', () => {
    // E 8: frequencies 1, 10^-1, 10^-2, 10^-3 for theta 10^4; one follows t, one h, two w
    const positions = Int32Array.of(1, 2, 20, 30, 300, 400) // (3, 2)
    const cos = run(16, (out) => rotary(out, 'cos', positions, 1e4, [1, 1, 2], f32))
    const angles = [1, 2, 3, 0.3, 2, 3, 4, 0.4]
    for (const [at, angle] of angles.entries()) {
      const [s, j] = [Math.floor(at / 4), at % 4]
      expect(cos[s * 8 + j]).toBeCloseTo(Math.cos(angle), 6)
      expect(cos[s * 8 + 4 + j]).toBe(cos[s * 8 + j])
    }
  })

  test('turns the pair (x[j], x[j + E/2]) and puts heads first', () => {
    const cos = Float32Array.of(0, 1, 0, 1)
    const sin = Float32Array.of(1, 0, 1, 0)
    const input = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8) // one token, two heads of four
    expect(run(8, (out) => rope(out, input, cos, sin, 1, 2, f32))).toEqual([-3, 2, 1, 4, -7, 6, 5, 8])
  })

  test('head first also for several tokens', () => {
    const cos = new Float32Array(6).fill(1)
    const sin = new Float32Array(6)
    const input = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12) // (3, 2 heads * 2)
    expect(run(12, (out) => rope(out, input, cos, sin, 3, 2, f32))).toEqual([1, 2, 5, 6, 9, 10, 3, 4, 7, 8, 11, 12])
  })

  test.skipIf(shared === null)('equals the golden tables (skipped without shared goldens)', () => {
    const file = openTensors(`${shared}rope.safetensors`)
    const positions = ints(file, 'position_ids')
    for (const theta of [10000, 1000000]) {
      const frequencies = inverseFrequencies(theta, 128)
      const golden = floats(file, `theta${theta}.inv_freq`)
      expect(Math.max(...frequencies.map((f, j) => Math.abs(f / golden[j] - 1)))).toBeLessThan(1e-7)
      for (const part of ['cos', 'sin'] as const) {
        const want = floats(file, `theta${theta}.${part}`)
        const got = run(want.length, (out) => rotary(out, part, positions, theta, [0, 32, 32], f32))
        expect(Math.max(...got.map((x, i) => Math.abs(x - want[i])))).toBeLessThanOrEqual(1e-6)
      }
    }
  })
})

describe('attention', () => {
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
})

describe('elementwise', () => {
  test('swiglu is silu(gate) * up, also for gates whose exp overflows', () => {
    const got = run(4, (out) => swiglu(out, Float32Array.of(0, 1, -1000, 1000), Float32Array.of(5, 2, 3, 2), f32))
    expect(got).toEqual([0, fround(2 / (1 + Math.exp(-1))), -0, 2000])
  })

  test('add rounds once, to f32', () => {
    expect(run(2, (out) => add(out, Float32Array.of(1, 0.1), Float32Array.of(2, 0.2), f32))).toEqual([
      3,
      fround(fround(0.1) + fround(0.2)),
    ])
  })
})

test('bf16 numerics round results to bf16, ties to even', () => {
  const one = 2 ** -7 // the step of bf16 between 1 and 2
  const got = run(3, (out) =>
    add(out, Float32Array.of(1, 1 + one, 1), Float32Array.of(one / 2, one / 2, one * 0.75), bf16),
  )
  expect(got).toEqual([1, 1 + 2 * one, 1 + one])
})
