// The choice on the device: the kernel against its twin, and what crosses from the device for a token.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Gpu } from '../../src/backends/webgpu/gpu/gpu.ts'
import { slicesOf, type TopKStage, topK } from '../../src/backends/webgpu/kernels/top_k.ts'
import { Sail } from '../../src/node.ts'
import * as twin from '../kernels/twins/choose.ts'
import { root } from '../support/golden.ts'
import { noGpu, skipped } from '../support/software-gpu.ts'
import { distinct, runKernel, testDevice } from './device.ts'
import { HostedSail, watchedHost } from './webgpu-engine.ts'

describe.skipIf(noGpu !== '')(`top_k${skipped}`, () => {
  let gpu: Gpu
  beforeAll(async () => {
    gpu = await testDevice()
  })
  afterAll(() => gpu?.close())

  /** All dispatches, as lower-top-k.ts plans them, each from the words of the one before. */
  async function first(x: Float32Array, below: number, count: number): Promise<twin.First> {
    let input: Float32Array | Uint32Array = x
    let [from, candidates]: [TopKStage['from'], number] = [{ V: x.length, below }, x.length]
    for (;;) {
      const slices = slicesOf(candidates)
      const last = slices === 1
      const call = { inputs: [input], out: 2 * count * slices, grid: [slices, 1] as const }
      const found = await runKernel(gpu, topK({ count, from, last }), call)
      if (last) return { scores: [...found.slice(0, count)], ids: [...found.slice(count)] }
      input = new Uint32Array(found.buffer, 0, found.length)
      candidates = slices * count
      from = { pairs: candidates }
    }
  }

  test.each([1, 2, 63, 64, 65, 1023, 1024, 1025, 33030])('%i scores: the ids and bits of its twin', async (n) => {
    for (const x of [distinct(n), distinct(n).map((score) => Math.round(score * 5))])
      for (const count of [1, 3, 51].filter((size) => size <= n)) {
        const below = Math.max(count, n - 40)
        expect(await first(x, below, count)).toEqual(twin.topK(x, below, count))
      }
  })

  test('256 of many, which no slice has alone', async () => {
    const x = Float32Array.from({ length: 5000 }, (_, i) => (i < 1100 ? i : -i))
    expect(await first(x, 5000, 256)).toEqual(twin.topK(x, 5000, 256))
  })

  test('the lowest of equal ids wins in and across slices, and -0 equals 0', async () => {
    for (const at of [0, 63, 64, 1023, 1024, 2047, 2999]) {
      const x = new Float32Array(3000).fill(-1)
      x.fill(2, at)
      expect((await first(x, 3000, 1)).ids).toEqual([at])
    }
    expect(await first(Float32Array.of(-1, -0, 0, -0), 4, 4)).toEqual({ ids: [1, 2, 3, 0], scores: [-0, 0, -0, -1] })
  })

  test('what is not finite comes first, by rising id, also from above `below` and from another slice', async () => {
    for (const bad of [Number.NaN, Infinity, -Infinity])
      for (const at of [0, 4, 65, 1024, 2999]) {
        const x = distinct(3000)
        x[at] = bad
        expect(await first(x, 5, 3)).toEqual(twin.topK(x, 5, 3))
        expect(await first(x, 3000, 1)).toEqual({ ids: [at], scores: [bad] })
      }
    const x = distinct(3000)
    for (const [at, bad] of [
      [2000, Number.NaN],
      [1500, Infinity],
      [2999, -Infinity],
    ] as const)
      x[at] = bad
    expect((await first(x, 3000, 4)).ids.slice(0, 3)).toEqual([1500, 2000, 2999])
  })

  test('the smallest and largest numbers are in their order', async () => {
    const x = Float32Array.of(-3.4e38, 1e-45, 3.4e38, -1e-45, 0)
    expect((await first(x, 5, 5)).ids).toEqual([2, 1, 4, 3, 0])
  })
})

describe.skipIf(noGpu !== '')(`a token on webgpu${skipped}`, () => {
  const model = `${root}golden/tiny`
  const question = { image: `${root}golden/tiny/demo/scene.png`, prompt: 'Describe the image.' }
  const host = watchedHost()
  let sail: Sail
  let wasm: Sail
  beforeAll(async () => {
    sail = await HostedSail.on(host, model)
    wasm = await Sail.load(model, { backend: 'wasm' })
  })
  afterAll(async () => {
    await sail?.close()
    await wasm?.close()
  })

  test('costs a read of 8 bytes when it is greedy, of k + 1 pairs with top-k, and is that of wasm', async () => {
    for (const [options, bytes] of [
      [{}, 8],
      [{ temperature: 0.8, topK: 5, seed: 4 }, 48],
      [{ temperature: 1.5, topP: 0.9, seed: 5 }, 408],
    ] as const) {
      const [, want] = [await sail.ask(question, { maxNewTokens: 2, ...options }), await wasm.ask(question, options)]
      const before = host.read
      const got = await sail.ask(question, options)
      expect([got.ids, got.text]).toEqual([want.ids, want.text])
      expect(got.ids.length).toBeGreaterThan(4)
      expect(host.read - before).toBe(bytes * got.ids.length)
    }
  })

  test('costs a read of all logits where these are needed', async () => {
    const before = host.read
    const { ids, logprobs } = await sail.ask(question, { logprobs: 1, maxNewTokens: 3 })
    expect(host.read - before).toBe(4 * sail.config.dims.V * ids.length)
    expect(logprobs!.map(({ top }) => top[0].id)).toEqual(ids)
  })
})
