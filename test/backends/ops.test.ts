// Each op against numbers made by hand.
import { describe, expect, test } from 'vitest'
import { dots } from '../../src/backends/reference/dots.ts'
import { numericsOf } from '../../src/backends/reference/numerics.ts'
import { add, swiglu } from '../../src/backends/reference/ops/elementwise.ts'
import { gather, lastRow, scatterAdd } from '../../src/backends/reference/ops/embedding.ts'
import { linear } from '../../src/backends/reference/ops/linear.ts'
import { rmsNorm } from '../../src/backends/reference/ops/rms-norm.ts'
import { f32ToBf16Bits } from '../../src/weights/formats/bf16.ts'
import { distinct, run } from './run.ts'

const { f32, bf16 } = numericsOf
const { fround } = Math
const stored = (shape: number[], values: number[]) => ({ shape, data: Float32Array.from(values) })

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
