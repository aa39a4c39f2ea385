// NaN and Infinity in each operand of each kernel that takes a maximum or squares: what is not finite comes out where plain
// arithmetic puts it, as it does on wasm (test/kernels/), and nowhere else.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Gpu } from '../../src/backends/webgpu/gpu/gpu.ts'
import { attention } from '../../src/backends/webgpu/kernels/attention.ts'
import { attnMix } from '../../src/backends/webgpu/kernels/attn_mix.ts'
import { attnWeights } from '../../src/backends/webgpu/kernels/attn_weights.ts'
import { rmsNorm } from '../../src/backends/webgpu/kernels/rms_norm.ts'
import { swiglu } from '../../src/backends/webgpu/kernels/swiglu.ts'
import { noGpu, skipped } from '../support/software-gpu.ts'
import { distinct, runKernel, testDevice } from './device.ts'

const { NaN: nan, POSITIVE_INFINITY: inf } = Number
const f32 = { kv: 'f32' } as const

describe.skipIf(noGpu !== '')(`not finite${skipped}`, () => {
  let gpu: Gpu
  beforeAll(async () => {
    gpu = await testDevice()
  })
  afterAll(() => gpu?.close())

  test('swiglu: NaN stays NaN in either operand, Infinity stays, a gate of -Infinity is NaN', async () => {
    const gate = Float32Array.of(nan, inf, -inf, -nan, 1, 1, 1, -200)
    const up = Float32Array.of(1, 1, 1, 1, nan, inf, -inf, 1)
    const got = await runKernel(gpu, swiglu(8), { inputs: [gate, up], out: 8, grid: [1, 1] })
    expect([...got.slice(0, 7)]).toEqual([nan, inf, nan, nan, nan, inf, -inf])
    expect(Math.abs(got[7])).toBeLessThan(1e-30)
  })

  test('rms_norm: NaN takes its row, Infinity leaves 0 beside NaN, a weight of NaN its column', async () => {
    const x = Float32Array.of(1, nan, 2, 3, 1, inf, 2, 3, 1, 1, 1, 1)
    const run = (weight: Float32Array) =>
      runKernel(gpu, rmsNorm(4, 1e-5), { inputs: [x, weight], out: 12, grid: [3, 1] })
    const got = await run(Float32Array.of(1, 1, 1, 1))
    expect([...got.slice(0, 8)]).toEqual([nan, nan, nan, nan, 0, nan, 0, 0])
    expect([...got.slice(8)].every(Number.isFinite)).toBe(true)
    const weighed = await run(Float32Array.of(1, 1, nan, 1))
    expect([...weighed.slice(8)].map(Number.isNaN)).toEqual([false, false, true, false])
  })

  describe('attention', () => {
    const [H, G, E, S, K] = [2, 1, 4, 20, 70]
    const sizes = { H, G, E }
    const inputs = (): [Float32Array, Float32Array, Float32Array] => [
      distinct(H * S * E),
      distinct(K * E, 3),
      distinct(K * E, 4),
    ]

    /** Whether each query of head 0 has a NaN in its output, with blocks of 1 and of 8 queries, and in its weights. */
    async function felt(data: Float32Array[], window: number | null): Promise<Record<string, boolean[]>> {
      const call = { sizes: { S, K }, mask: { kind: 'causal', window } as const }
      const rows = (values: Float32Array, stride: number, width: number): boolean[] =>
        Array.from({ length: S }, (_, s) => values.subarray(s * stride, s * stride + width).some(Number.isNaN))
      const fused = async (block: number): Promise<boolean[]> => {
        const grid = [Math.ceil(S / block), H] as const
        const out = H * S * E
        return rows(await runKernel(gpu, attention(sizes, block, f32), { ...call, inputs: data, out, grid }), H * E, E)
      }
      const weights = { ...call, inputs: data.slice(0, 2), out: H * S * K, grid: [S, H] as const }
      return {
        one: await fused(1),
        eight: await fused(8),
        weights: rows(await runKernel(gpu, attnWeights(sizes, f32), weights), K, K),
      }
    }

    const all = (rows: boolean[], weights = rows) => ({ one: rows, eight: rows, weights })
    const queries = Array.from({ length: S }, (_, s) => s)

    test.each([nan, inf, -inf])('a query of %f makes its own row NaN', async (bad) => {
      const [q, keys, values] = inputs()
      q.fill(bad, 5 * E, 6 * E)
      expect(await felt([q, keys, values], null)).toEqual(all(queries.map((s) => s === 5)))
    })

    // Query s stands at place 50 + s and sees keys up to there, the last 10 of them where there is a window.
    test.each([null, 10])(
      'NaN in a key or a value is felt by the queries that see it alone, window %s',
      async (window) => {
        for (const at of [55, 0, 63]) {
          const sees = queries.map((s) => at <= 50 + s && (window === null || at > 50 + s - window))
          for (const dirty of [1, 2]) {
            const data = inputs()
            data[dirty].fill(nan, at * E, (at + 1) * E)
            expect(await felt(data, window)).toEqual(all(sees, dirty === 1 ? sees : queries.map(() => false)))
          }
        }
      },
    )

    test('a score of Infinity makes its row NaN, one of -Infinity weighs nothing, and all of them make NaN', async () => {
      const q = Float32Array.of(3e38, 0, 0, 0, -3e38, 0, 0, 0, 1, 0, 0, 0)
      const keys = Float32Array.of(1e-30, 0, 0, 0, 1e10, 0, 0, 0)
      const values = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8)
      const run = async (own: Float32Array, block: number): Promise<number[]> => {
        const call = { inputs: [q, own, values], out: 3 * E, grid: [Math.ceil(3 / block), 1] as const }
        const kernel = attention({ H: 1, G: 1, E }, block, f32)
        return [...(await runKernel(gpu, kernel, { ...call, sizes: { S: 3, K: 2 } }))]
      }
      for (const block of [1, 8]) {
        const mixed = await run(keys, block)
        expect(mixed.slice(0, 8)).toEqual([nan, nan, nan, nan, 1, 2, 3, 4])
        expect(mixed.slice(8).every(Number.isFinite)).toBe(true)
        const high = await run(Float32Array.of(1e10, 0, 0, 0, 1e10, 0, 0, 0), block)
        expect(high.slice(0, 8).every(Number.isNaN)).toBe(true)
      }
    })
  })

  test('attn_mix counts every weight: 0 times NaN is NaN, and a weight of NaN is one', async () => {
    const run = async (weights: Float32Array, values: Float32Array): Promise<number[]> => {
      const call = { inputs: [weights, values], out: 4, grid: [1, 1] as const, sizes: { S: 1, K: 2 } }
      return [...(await runKernel(gpu, attnMix({ H: 1, G: 1, E: 4 }, f32), call))]
    }
    const clean = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8)
    expect(await run(Float32Array.of(1, 0), Float32Array.of(1, 2, 3, 4, nan, 5, 6, 7))).toEqual([nan, 2, 3, 4])
    expect(await run(Float32Array.of(nan, 0), clean)).toEqual([nan, nan, nan, nan])
  })
})
