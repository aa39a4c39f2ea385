// Every kernel but the linear ones, against the reference backend's plain loops with f64 sums, on sizes that end in the
// middle of a workgroup, a tile or a vector.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { numericsOf } from '../../src/backends/reference/numerics.ts'
import * as attentionOps from '../../src/backends/reference/ops/attention.ts'
import * as elementwise from '../../src/backends/reference/ops/elementwise.ts'
import * as embedding from '../../src/backends/reference/ops/embedding.ts'
import * as norm from '../../src/backends/reference/ops/rms-norm.ts'
import * as rotaryOps from '../../src/backends/reference/ops/rope.ts'
import type { Work } from '../../src/backends/reference/work.ts'
import type { Gpu } from '../../src/backends/webgpu/gpu/gpu.ts'
import { add } from '../../src/backends/webgpu/kernels/add.ts'
import { attention } from '../../src/backends/webgpu/kernels/attention.ts'
import { attnMix } from '../../src/backends/webgpu/kernels/attn_mix.ts'
import { attnWeights } from '../../src/backends/webgpu/kernels/attn_weights.ts'
import { gather } from '../../src/backends/webgpu/kernels/gather.ts'
import { lastRow } from '../../src/backends/webgpu/kernels/last_row.ts'
import { rmsNorm } from '../../src/backends/webgpu/kernels/rms_norm.ts'
import { rope } from '../../src/backends/webgpu/kernels/rope.ts'
import { scatterAdd } from '../../src/backends/webgpu/kernels/scatter_add.ts'
import { storeKv } from '../../src/backends/webgpu/kernels/store_kv.ts'
import { swiglu } from '../../src/backends/webgpu/kernels/swiglu.ts'
import type { MaskRule } from '../../src/config/mask-rule.ts'
import { bf16ToF32, f32ToBf16Bits } from '../../src/weights/formats/bf16.ts'
import { packPanel, unpackPanel } from '../../src/weights/formats/packed.ts'
import { noGpu, skipped } from '../support/software-gpu.ts'
import { distinct, runKernel, testDevice } from './device.ts'

const { f32 } = numericsOf

function plain(size: number, op: (out: Float32Array) => Work): Float32Array {
  const out = new Float32Array(size).fill(Number.NaN)
  for (const _ of op(out));
  return out
}

/** Rounding of a few f32 steps, far below what a wrong formula gives. */
function expectNear(got: Float32Array, want: Float32Array, limit = 1e-6): void {
  expect(got.length).toBe(want.length)
  const size = Math.hypot(...want) / Math.sqrt(want.length)
  for (const [i, value] of want.entries())
    if (!(Math.abs(got[i] - value) <= limit * Math.max(size, Math.abs(value))))
      expect.fail(`[${i}]: ${got[i]} for ${value}`)
}

const groups = (n: number): number => Math.ceil(n / 64)

describe.skipIf(noGpu !== '')(`kernels${skipped}`, () => {
  let gpu: Gpu
  beforeAll(async () => {
    gpu = await testDevice()
  })
  afterAll(() => gpu?.close())

  const widths = [1, 63, 64, 65, 300]

  test.each(widths)('add, %i wide: the same bits', async (D) => {
    const [a, b] = [distinct(3 * D), distinct(3 * D, 5)]
    const got = await runKernel(gpu, add(D), { inputs: [a, b], out: 3 * D, grid: [groups(D), 3] })
    expect(got).toEqual(plain(3 * D, (out) => elementwise.add(out, a, b, f32)))
  })

  test.each(widths)('swiglu, %i wide, gates whose exp overflows too', async (F) => {
    const [gate, up] = [distinct(3 * F).map((x, i) => (i % 7 === 0 ? x * 40 : x)), distinct(3 * F, 5)]
    const got = await runKernel(gpu, swiglu(F), { inputs: [gate, up], out: 3 * F, grid: [groups(F), 3] })
    expectNear(
      got,
      plain(3 * F, (out) => elementwise.swiglu(out, gate, up, f32)),
      3e-6,
    )
  })

  test('swiglu of gates at the ends of f32 is finite', async () => {
    const gate = Float32Array.of(-1e38, -1000, -88, 0, 88, 1000, 1e38)
    const got = await runKernel(gpu, swiglu(7), { inputs: [gate, gate.map(() => 1)], out: 7, grid: [1, 1] })
    expectNear(
      got,
      Float32Array.of(0, 0, 0, 0, 88, 1000, 1e38).map((x, i) => (i < 4 ? got[i] : x)),
    )
    expect([...got.slice(0, 4)].every((x) => Math.abs(x) < 1e-30)).toBe(true)
  })

  test.each([1, 4, 127, 128, 129, 588, 20000])('rms_norm, %i wide', async (D) => {
    const [x, weight] = [distinct(3 * D), distinct(D, 8)]
    const got = await runKernel(gpu, rmsNorm(D, 1e-5), { inputs: [x, weight], out: 3 * D, grid: [3, 1] })
    expectNear(
      got,
      plain(3 * D, (out) => norm.rmsNorm(out, x, weight, 1e-5, f32)),
    )
  })

  test.each(widths)('scatter_add and last_row, %i wide: the same bits', async (D) => {
    const [input, rows, patches] = [distinct(4 * D), distinct(2 * D, 4), Int32Array.of(-1, 1, 0, -1)]
    const call = { inputs: [input, rows, patches], out: 4 * D, grid: [groups(D), 4] as const }
    const want = plain(4 * D, (out) => embedding.scatterAdd(out, input, rows, patches, f32))
    expect(await runKernel(gpu, scatterAdd(D), call)).toEqual(want)
    const last = { inputs: [input], out: D, grid: [groups(D), 1] as const, sizes: { S: 4 } }
    expect(await runKernel(gpu, lastRow(D), last)).toEqual(input.slice(3 * D))
  })

  describe('gather copies rows of the table, of its own part only', () => {
    const ids = Int32Array.of(17, 0, 9)
    const rowsOf = (values: Float32Array, D: number): Float32Array =>
      Float32Array.from([...ids].flatMap((id) => [...values.slice(id * D, (id + 1) * D)]))

    test.each([1, 31, 65])('f32 and bf16, %i wide', async (D) => {
      const values = distinct(18 * D)
      const call = { out: 3 * D, grid: [groups(D), 3] as const }
      const part = { D, first: 0, rows: 18 }
      const got = await runKernel(gpu, gather('f32', part), { ...call, inputs: [values, ids] })
      expect(got).toEqual(rowsOf(values, D))
      const bits = Uint16Array.from({ length: 18 * D + ((18 * D) % 2) }, (_, i) => f32ToBf16Bits(values[i] ?? 0))
      const halves = await runKernel(gpu, gather('bf16', part), { ...call, inputs: [new Uint8Array(bits.buffer), ids] })
      expect(halves).toEqual(rowsOf(bf16ToF32(bits), D))
    })

    test.each([1, 31, 65])('q8, %i wide', async (D) => {
      const values = distinct(18 * D)
      const panels = [0, 8, 16].map((row) => packPanel('q8', values.subarray(row * D, Math.min(18, row + 8) * D), D))
      const stored = Float32Array.from(panels.flatMap((panel) => [...unpackPanel('q8', panel, D)]))
      const inputs = [new Uint8Array(Buffer.concat(panels)), ids]
      const got = await runKernel(gpu, gather('q8', { D, first: 0, rows: 18 }), {
        inputs,
        out: 3 * D,
        grid: [groups(D), 3],
      })
      expect(got).toEqual(rowsOf(stored, D))
    })

    test('a part leaves the tokens of others alone', async () => {
      const values = distinct(8 * 5)
      const inputs = [values, Int32Array.of(16, 3, 9)]
      const call = { inputs, at: 10, out: 5, grid: [1, 3] as const }
      expect(await runKernel(gpu, gather('f32', { D: 5, first: 8, rows: 8 }), call)).toEqual(values.slice(5, 10))
    })
  })

  test.each([
    [1, 4],
    [3, 20],
    [2, 64],
  ])('rope with %i heads of size %i', async (heads, E) => {
    const [input, cos, sin] = [distinct(3 * heads * E), distinct(3 * E, 6), distinct(3 * E, 7)]
    const inputs = [input, cos, sin]
    const call = { inputs, out: input.length, grid: [groups(heads * E), 3] as const, sizes: { S: 3 } }
    const want = plain(input.length, (out) => rotaryOps.rope(out, input, cos, sin, 3, heads, f32))
    expectNear(await runKernel(gpu, rope(heads, E), call), want, 5e-7)
  })

  test('store_k turns heads into rows, store_v keeps them; both behind the cached rows', async () => {
    const [G, E, S, K] = [3, 20, 2, 7]
    const input = distinct(S * G * E)
    const call = { inputs: [input], at: (K - S) * G * E, out: S * G * E, grid: [1, S] as const, sizes: { S, K } }
    expect(await runKernel(gpu, storeKv('v', G, E, 'f32'), call)).toEqual(input)
    const rows = Float32Array.from({ length: input.length }, (_, n) => {
      const [s, g, e] = [Math.floor(n / (G * E)), Math.floor(n / E) % G, n % E]
      return input[(g * S + s) * E + e]
    })
    expect(await runKernel(gpu, storeKv('k', G, E, 'f32'), call)).toEqual(rows)
  })

  describe('attention', () => {
    const masks: readonly MaskRule[] = [
      { kind: 'full', window: null },
      { kind: 'causal', window: null },
      { kind: 'causal', window: 5 },
      { kind: 'causal', window: 100 },
    ]
    const cases = [
      { H: 2, G: 1, E: 20, S: 9, K: 9 },
      { H: 4, G: 2, E: 64, S: 8, K: 75 },
      { H: 3, G: 3, E: 4, S: 35, K: 140 },
    ]
    for (const { S, K, ...heads } of cases)
      for (const mask of masks)
        test(`H ${heads.H} G ${heads.G} E ${heads.E}, ${S} of ${K}, ${mask.kind} ${mask.window ?? ''}`, async () => {
          const { H, G, E } = heads
          const [q, keys, values] = [distinct(H * S * E), distinct(K * G * E, 3), distinct(K * G * E, 4)]
          const sizes = { S, K, ...heads }
          const weights = plain(H * S * K, (out) => attentionOps.attnWeights(out, q, keys, mask, sizes, f32))
          const mixed = plain(S * H * E, (out) => attentionOps.attnMix(out, weights, values, sizes, f32))
          const call = { sizes: { S, K }, mask }
          const grid = [S, H] as const
          const got = await runKernel(gpu, attnWeights(heads, { kv: 'f32' }), {
            ...call,
            inputs: [q, keys],
            out: weights.length,
            grid,
          })
          expectNear(got, weights, 2e-5)
          for (const [i, weight] of weights.entries()) if (weight === 0) expect(got[i]).toBe(0)
          const mix = { ...call, inputs: [weights, values], out: mixed.length, grid: [groups(H * E), S] as const }
          expectNear(await runKernel(gpu, attnMix(heads, { kv: 'f32' }), mix), mixed)
          const fused = { ...call, inputs: [q, keys, values], out: mixed.length }
          for (const rows of [1, 8]) {
            const blocks = { ...fused, grid: [Math.ceil(S / rows), H] as const }
            expectNear(await runKernel(gpu, attention(heads, rows, { kv: 'f32' }), blocks), mixed, 1e-5)
          }
        })
  })
})
