// Keys and values in f16, which needs no feature of the adapter: what is stored has the bits of the definition, what is read
// is what f32 rows of the same numbers give, to the bit, and what f16 cannot hold is an error that names the stage.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Engine, KvCache } from '../../src/backends/backend.ts'
import type { Gpu } from '../../src/backends/webgpu/gpu/gpu.ts'
import { attention } from '../../src/backends/webgpu/kernels/attention.ts'
import { attnMix } from '../../src/backends/webgpu/kernels/attn_mix.ts'
import { attnWeights } from '../../src/backends/webgpu/kernels/attn_weights.ts'
import { storeKv } from '../../src/backends/webgpu/kernels/store_kv.ts'
import { Sail } from '../../src/node.ts'
import type { F32Tensor } from '../../src/tensor.ts'
import { tinyPass } from '../backends/tiny-engine.ts'
import { throughF16 } from '../kernels/pages.ts'
import { narrow } from '../kernels/twins/f16.ts'
import { tiny } from '../model/tiny.ts'
import { root } from '../support/golden.ts'
import { noGpu, skipped } from '../support/software-gpu.ts'
import { distinct, runGuarded, runKernel, STEP, testDevice } from './device.ts'
import { watchedHost, webgpuEngine } from './webgpu-engine.ts'

const bitsOf = (values: Float32Array): number[] => [...new Uint16Array(values.buffer, 0, values.length * 2)]
const packed = (values: Float32Array): Uint8Array => new Uint8Array(Uint16Array.from(values, narrow).buffer)

describe.skipIf(noGpu !== '')(`kernels${skipped}`, () => {
  let gpu: Gpu
  beforeAll(async () => {
    gpu = await testDevice()
  })
  afterAll(() => gpu?.close())

  test('store_k turns heads into rows, store_v keeps them; both behind the cached rows', async () => {
    const [G, E, S, K] = [3, 20, 2, 7]
    const input = distinct(S * G * E)
    const call = { inputs: [input], at: ((K - S) * G * E) / 2, out: (S * G * E) / 2, sizes: { S, K } }
    const grid = [1, S] as const
    const v = await runKernel(gpu, storeKv('v', G, E, 'f16'), { ...call, grid })
    expect(bitsOf(v)).toEqual([...input].map(narrow))
    const rows = Array.from(input, (_, n) => {
      const [s, g, e] = [Math.floor(n / (G * E)), Math.floor(n / E) % G, n % E]
      return input[(g * S + s) * E + e]
    })
    const k = await runKernel(gpu, storeKv('k', G, E, 'f16'), { ...call, grid })
    expect(bitsOf(k)).toEqual(rows.map(narrow))
  })

  async function stored(v: Float32Array) {
    const call = { inputs: [v], out: v.length / 2, grid: [Math.ceil(v.length / 128), 1] as const }
    return runGuarded(gpu, storeKv('v', 1, v.length, 'f16'), call)
  }

  test('rounds to nearest even from subnormals to the largest, and reports nothing', async () => {
    const special = [
      1 + 2 ** -11,
      1 + 3 * 2 ** -11,
      65504,
      -65504,
      2 ** -14,
      2 ** -24,
      2 ** -25,
      3 * 2 ** -26,
      1e-9,
      -0,
    ]
    const v = Float32Array.of(...special, ...distinct(2038).map((x, i) => x * 2 ** ((i % 40) - 28)))
    const { values, flag } = await stored(v)
    expect(bitsOf(values)).toEqual([...v].map(narrow))
    expect(flag).toBe(0xffffffff)
  })

  test.each([65505, 65520, -70000, 1e30, Number.POSITIVE_INFINITY, Number.NaN])(
    'reports %s, on either side of a word',
    async (x) => {
      for (const at of [2, 5]) {
        const v = distinct(8)
        v[at] = x
        const { values, flag } = await stored(v)
        expect(flag).toBe(STEP)
        expect(bitsOf(values)).toEqual([...v].map(narrow))
      }
    },
  )

  test.each([
    { H: 2, G: 1, E: 20, S: 9, K: 9 },
    { H: 4, G: 2, E: 64, S: 8, K: 75 },
    { H: 3, G: 3, E: 4, S: 1, K: 140 },
  ])(
    'attention on f16 rows gives what f32 rows of the same numbers give, to the bit: %o',
    async ({ S, K, ...heads }) => {
      const { H, G, E } = heads
      const [q, keys, values] = [distinct(H * S * E), distinct(K * G * E, 3), distinct(K * G * E, 4)]
      const rows = { f32: [throughF16(keys), throughF16(values)], f16: [packed(keys), packed(values)] } as const
      for (const mask of [
        { kind: 'full', window: null },
        { kind: 'causal', window: 5 },
      ] as const) {
        const call = { sizes: { S, K }, mask }
        const all = async (kv: 'f32' | 'f16') => {
          const [k, v] = rows[kv]
          const grid = [S, H] as const
          const weights = await runKernel(gpu, attnWeights(heads, { kv }), {
            ...call,
            inputs: [q, k],
            out: H * S * K,
            grid,
          })
          const mix = { ...call, inputs: [weights, v], out: S * H * E, grid: [Math.ceil((H * E) / 64), S] as const }
          const fused = { ...call, inputs: [q, k, v], out: S * H * E, grid: [Math.ceil(S / 8), H] as const }
          return [
            weights,
            await runKernel(gpu, attnMix(heads, { kv }), mix),
            await runKernel(gpu, attention(heads, 8, { kv }), fused),
            await runKernel(gpu, attention(heads, 1, { kv }), { ...fused, grid }),
          ]
        }
        expect(await all('f16')).toEqual(await all('f32'))
      }
    },
  )
})

describe.skipIf(noGpu !== '')(`an engine${skipped}`, () => {
  const host = watchedHost()
  let engine: Engine
  let wide: Engine
  beforeAll(async () => {
    engine = await webgpuEngine(tiny, { settings: { kv: 'f16' }, host })
    wide = await webgpuEngine(tiny)
  })
  afterAll(async () => {
    await engine?.close()
    await wide?.close()
  })

  const layers = [0, 1]
  const roundedNames = layers.flatMap((i) => [`layers.${i}.k_rope`, `layers.${i}.v`])

  test('computes what one with f32 rows does when it is given the rounded keys and values, pass after pass', async () => {
    const [cache, wideCache] = [engine.createCache(), wide.createCache()]
    for (const range of [
      [0, 4],
      [4, 5],
      [5, 6],
    ] as const) {
      const outputs = [...roundedNames, 'layers.1.attn_heads', 'logits']
      const got = await engine.run(tinyPass(cache, tiny, { range, outputs }))
      const rounded = (tensor: F32Tensor): F32Tensor => ({ ...tensor, data: throughF16(tensor.data) })
      const given = new Map(roundedNames.map((name) => [name, rounded(got.get(name)!)]))
      const wanted = ['layers.1.attn_heads', 'logits']
      const want = await wide.run(tinyPass(wideCache, tiny, { range, outputs: wanted, given }))
      for (const name of wanted) expect(got.get(name)).toEqual(want.get(name))
    }
  })

  test('takes half the bytes, and grows past its first buffers without losing a prefix', async () => {
    const bytesOf = async (kv: 'f32' | 'f16') => {
      const own = watchedHost()
      const each = await webgpuEngine(tiny, { settings: { kv }, host: own })
      const last = (cache: KvCache, range: readonly [number, number]) =>
        each.run(tinyPass(cache, tiny, { range, outputs: ['next_logits'] }))
      const other = each.createCache()
      await last(other, [0, 4])
      await last(other, [4, 6])
      const before = own.bytes
      const cache = each.createCache()
      await last(cache, [0, 4])
      const first = await last(cache, [4, 6])
      const cached = own.bytes - before
      for (let n = 0; n < 130; n++) await last(cache, [5, 6])
      cache.truncate(4)
      expect(await last(cache, [4, 6])).toEqual(first)
      await each.close()
      return cached
    }
    expect((await bytesOf('f16')) * 2).toBe(await bytesOf('f32'))
  })

  test('what f16 cannot hold ends the pass with an error that names the first such stage; the next pass is right', async () => {
    const cache = engine.createCache()
    const pass = tinyPass(cache, tiny, { range: [0, 6], outputs: ['logits'] })
    const want = await engine.run({ ...pass, cache: engine.createCache() })
    const shape = [6, tiny.dims.G * tiny.dims.E]
    for (const value of [70000, Number.NaN]) {
      const data = distinct(shape[0] * shape[1])
      data[5] = value
      const v: F32Tensor = { dtype: 'F32', shape, data }
      const given = new Map([
        ['layers.0.v', v],
        ['layers.1.v', v],
      ])
      const run = engine.run(tinyPass(cache, tiny, { range: [0, 6], outputs: ['logits'], given }))
      await expect(run).rejects.toThrow(expect.objectContaining({ code: 'E_GPU_F16_OVERFLOW', place: 'layers.0.v' }))
      expect(cache.length).toBe(0)
    }
    expect(await engine.run(pass)).toEqual(want)
  })
})

test.skipIf(noGpu !== '')(`the embedded model answers as with f32 keys and values${skipped}`, async () => {
  const answer = async (kv: 'f32' | 'f16') => {
    const sail = await Sail.load(`${root}golden/tiny`, { backend: 'webgpu', kv })
    try {
      return (await sail.ask({ image: `${root}golden/tiny/demo/scene.png`, prompt: 'What colour is the circle?' })).ids
    } finally {
      await sail.close()
    }
  }
  expect(await answer('f16')).toEqual(await answer('f32'))
})
