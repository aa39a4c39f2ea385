// Kernels on stored halves against the reference backend's plain loops on the same numbers: sums are f32, and what is stored is
// the result's neighbour in f16. What f16 cannot hold is reported by the number of the step. Skipped without shader-f16.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { numericsOf } from '../../src/backends/reference/numerics.ts'
import * as attentionOps from '../../src/backends/reference/ops/attention.ts'
import * as elementwise from '../../src/backends/reference/ops/elementwise.ts'
import * as norm from '../../src/backends/reference/ops/rms-norm.ts'
import * as rotaryOps from '../../src/backends/reference/ops/rope.ts'
import type { Work } from '../../src/backends/reference/work.ts'
import type { Gpu } from '../../src/backends/webgpu/gpu/gpu.ts'
import { attention } from '../../src/backends/webgpu/kernels/attention.ts'
import { attnMix } from '../../src/backends/webgpu/kernels/attn_mix.ts'
import { attnWeights } from '../../src/backends/webgpu/kernels/attn_weights.ts'
import { lastRow } from '../../src/backends/webgpu/kernels/last_row.ts'
import { matmul, TILE_COLS } from '../../src/backends/webgpu/kernels/matmul.ts'
import { matvec } from '../../src/backends/webgpu/kernels/matvec.ts'
import { rmsNorm } from '../../src/backends/webgpu/kernels/rms_norm.ts'
import { rope } from '../../src/backends/webgpu/kernels/rope.ts'
import { storeKv } from '../../src/backends/webgpu/kernels/store_kv.ts'
import { swiglu } from '../../src/backends/webgpu/kernels/swiglu.ts'
import { type PackedFormat, packPanel, unpackPanel } from '../../src/weights/formats/packed.ts'
import { run } from '../backends/run.ts'
import { throughF16 } from '../kernels/pages.ts'
import { distinct, runGuarded, runKernel, STEP } from './device.ts'
import { expectRounded, halfDevice, halves, noF16, runHalves, skippedF16 } from './half-adapter.ts'

const { f32 } = numericsOf
const rounded = (n: number, seed?: number): Float32Array => throughF16(distinct(n, seed))
const groups = (n: number): number => Math.ceil(n / 64)
const plain = (n: number, op: (out: Float32Array) => Work): Float32Array => Float32Array.from(run(n, op))
/** A few f32 steps. */
const near = (want: Float32Array) => {
  const size = Math.hypot(...want) / Math.sqrt(want.length)
  return (i: number) => 1e-5 * Math.max(size, Math.abs(want[i]))
}

describe.skipIf(noF16 !== '')(`kernels on halves${skippedF16}`, () => {
  let gpu: Gpu
  beforeAll(async () => {
    gpu = await halfDevice()
  })
  afterAll(() => gpu?.close())

  test.each([1, 63, 65, 300])('rms_norm, swiglu and last_row, %i wide', async (D) => {
    const [x, weight] = [distinct(3 * D), distinct(D, 8)]
    const normed = plain(3 * D, (out) => norm.rmsNorm(out, x, weight, 1e-5, f32))
    const got = await runHalves(gpu, rmsNorm(D, 1e-5, 'f16'), { inputs: [x, weight], out: 3 * D, grid: [3, 1] })
    expectRounded(got, normed, near(normed))
    const [gate, up] = [rounded(3 * D).map((y, i) => (i % 7 === 0 ? y * 32 : y)), rounded(3 * D, 5)]
    const act = plain(3 * D, (out) => elementwise.swiglu(out, gate, up, f32))
    const call = { inputs: [halves(gate), halves(up)], out: 3 * D, grid: [groups(D), 3] as const }
    expectRounded(await runHalves(gpu, swiglu(D, 'f16'), call), act, near(act))
    const rows = { inputs: [halves(gate)], out: D, grid: [groups(D), 1] as const, sizes: { S: 3 } }
    expect(await runHalves(gpu, lastRow(D, 'f16'), rows)).toEqual(gate.slice(2 * D))
  })

  test.each([
    [1, 4],
    [3, 20],
  ])('rope with %i heads of size %i', async (heads, E) => {
    const [input, cos, sin] = [rounded(3 * heads * E), distinct(3 * E, 6), distinct(3 * E, 7)]
    const want = plain(input.length, (out) => rotaryOps.rope(out, input, cos, sin, 3, heads, f32))
    const inputs = [halves(input), cos, sin]
    const call = { inputs, out: input.length, grid: [groups(heads * E), 3] as const, sizes: { S: 3 } }
    expectRounded(await runHalves(gpu, rope(heads, E, 'f16'), call), want, near(want))
  })

  test('store_k and store_v take halves as they are, into rows of either kind', async () => {
    const [G, E, S, K] = [3, 4, 2, 5]
    const input = rounded(S * G * E)
    const rows = Float32Array.from(input, (_, n) => {
      const [s, g, e] = [Math.floor(n / (G * E)), Math.floor(n / E) % G, n % E]
      return input[(g * S + s) * E + e]
    })
    const call = { inputs: [halves(input)], grid: [1, S] as const, sizes: { S, K } }
    for (const [part, want] of [
      ['k', rows],
      ['v', input],
    ] as const) {
      const at = (K - S) * G * E
      expect(await runKernel(gpu, storeKv(part, G, E, 'f32', 'f16'), { ...call, at, out: S * G * E })).toEqual(want)
      const packed = await runKernel(gpu, storeKv(part, G, E, 'f16', 'f16'), {
        ...call,
        at: at / 2,
        out: (S * G * E) / 2,
      })
      expect(new Uint16Array(packed.buffer)).toEqual(halves(want))
    }
  })

  test.each(['f32', 'f16'] as const)('attention with %s keys and values', async (kv) => {
    const heads = { H: 4, G: 2, E: 20 }
    const { H, G, E } = heads
    const [S, K] = [5, 37]
    const [q, keys, values] = [rounded(H * S * E), rounded(K * G * E, 3), rounded(K * G * E, 4)]
    const cached = kv === 'f16' ? [halves(keys), halves(values)] : [keys, values]
    const types = { kv, q: 'f16', out: 'f16' } as const
    for (const mask of [
      { kind: 'full', window: null },
      { kind: 'causal', window: 5 },
    ] as const) {
      const sizes = { S, K, ...heads }
      const weights = plain(H * S * K, (out) => attentionOps.attnWeights(out, q, keys, mask, sizes, f32))
      const mixed = plain(S * H * E, (out) => attentionOps.attnMix(out, weights, values, sizes, f32))
      const call = { sizes: { S, K }, mask }
      const grid = [S, H] as const
      const scores = { ...call, inputs: [halves(q), cached[0]], out: weights.length, grid }
      const got = await runKernel(gpu, attnWeights(heads, types), scores)
      for (const [i, weight] of weights.entries()) expect(Math.abs(got[i] - weight)).toBeLessThanOrEqual(2e-5)
      const mix = { ...call, inputs: [weights, cached[1]], out: mixed.length, grid: [groups(H * E), S] as const }
      expectRounded(await runHalves(gpu, attnMix(heads, types), mix), mixed, near(mixed))
      for (const rows of [1, 8]) {
        const fused = { ...call, inputs: [halves(q), ...cached], out: mixed.length }
        const blocks = { ...fused, grid: [Math.ceil(S / rows), H] as const }
        expectRounded(await runHalves(gpu, attention(heads, rows, types), blocks), mixed, near(mixed))
      }
    }
  })

  test.each(['f32', 'bf16', 'q8', 'q4'] as const)(
    'linear, %s: one row and many, halves in, out, or both',
    async (format) => {
      for (const [cols, inner] of [
        [7, 3],
        [9, 33],
        [70, 132],
      ] as const) {
        const { bytes, values } = matrix(format, cols, inner)
        for (const { x: from, y: to } of [
          { x: 'f16', y: 'f16' },
          { x: 'f16', y: 'f32' },
          { x: 'f32', y: 'f16' },
        ] as const)
          for (const rows of [1, 3, 17]) {
            const variant = { format, whole: inner % 4 === 0, bias: false, x: from, y: to }
            const x = rounded(rows * inner)
            const inputs = [Uint32Array.of(inner, cols, 0, cols), from === 'f16' ? halves(x) : x, bytes]
            const { tile } = gpu.tuning
            const grid = [Math.ceil(cols / TILE_COLS), Math.ceil(rows / tile.rows)] as const
            const kernel = rows === 1 ? matvec(variant, 16, true) : matmul(variant, 'S', tile)
            const call = {
              inputs,
              out: rows * cols,
              grid: rows === 1 ? ([Math.ceil(cols / 8), 1] as const) : grid,
              sizes: { S: rows },
            }
            const [sums, sizes] = dots(x, values, cols, inner)
            const ofDot = (i: number) => 8 * 2 ** -24 * sizes[i]
            if (to === 'f16') expectRounded(await runHalves(gpu, kernel, call), sums, ofDot)
            else {
              const got = await runKernel(gpu, kernel, call)
              for (const [i, sum] of sums.entries())
                if (!(Math.abs(got[i] - sum) <= ofDot(i))) expect.fail(`${got[i]} for ${sum}`)
            }
          }
      }
    },
  )

  test.each([1e8, -1e8, Number.POSITIVE_INFINITY, Number.NaN])(
    '%s among the factors is reported, wherever it stands',
    async (value) => {
      const D = 65
      const flagOf = async (at: number) => {
        const [x, weight] = [distinct(3 * D), distinct(D, 8)]
        if (Number.isFinite(value)) weight[at % D] = value
        else x[at] = value
        const call = { inputs: [x, weight], out: Math.ceil((3 * D) / 2), grid: [3, 1] as const }
        return (await runGuarded(gpu, rmsNorm(D, 1e-5, 'f16'), call)).flag
      }
      for (const at of [0, 64, 3 * D - 1]) expect(await flagOf(at)).toBe(STEP)
    },
  )
})

function matrix(format: PackedFormat, cols: number, inner: number): { bytes: Uint8Array; values: Float32Array } {
  const w = distinct(cols * inner, 3)
  const panels = Array.from({ length: Math.ceil(cols / 8) }, (_, p) =>
    packPanel(format, w.subarray(p * 8 * inner, Math.min(cols, p * 8 + 8) * inner), inner),
  )
  const values = panels.flatMap((panel) => [...unpackPanel(format, panel, inner)])
  return { bytes: new Uint8Array(Buffer.concat(panels)), values: Float32Array.from(values.slice(0, cols * inner)) }
}

/** (rows, cols) = x . w^T in f64, and the sums of |x * w|. */
function dots(
  x: Float32Array,
  w: Float32Array,
  cols: number,
  inner: number,
): [sums: Float32Array, sizes: Float32Array] {
  const count = (x.length / inner) * cols
  const [sums, sizes] = [new Float32Array(count), new Float32Array(count)]
  for (let n = 0; n < count; n++) {
    let [sum, size] = [0, 0]
    for (let i = 0; i < inner; i++) {
      const product = x[Math.floor(n / cols) * inner + i] * w[(n % cols) * inner + i]
      sum += product
      size += Math.abs(product)
    }
    sums[n] = sum
    sizes[n] = size
  }
  return [sums, sizes]
}
