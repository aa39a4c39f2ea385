// The webgpu backend against the reference backend on a tiny random model: every stage, every mask, every way to cut a graph,
// every weight format; and what an engine promises about caches, outputs and aborts.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Engine, Pass } from '../../src/backends/backend.ts'
import { storedWeights, type WeightFormat } from '../../src/backends/wasm/plan/stored-weights.ts'
import type { ModelConfig } from '../../src/config/model-config.ts'
import { buildPass } from '../../src/model/sail.ts'
import type { F32Tensor } from '../../src/tensor.ts'
import { bf16ToF32, f32ToBf16Bits } from '../../src/weights/formats/bf16.ts'
import { packPanel, unpackPanel } from '../../src/weights/formats/packed.ts'
import { expectClose } from '../backends/close.ts'
import { randomWeights, sourceOf, tinyEngine, tinyPass } from '../backends/tiny-engine.ts'
import { tiny } from '../model/tiny.ts'
import { noGpu, skipped } from '../support/software-gpu.ts'
import { watchedHost, webgpuEngine } from './webgpu-engine.ts'

const code = (name: string) => expect.objectContaining({ code: name })
const stages = [...buildPass(tiny, { patches: true }).stages.keys()]
/** Two layers of rounding: single ops are held to their limits by verify. */
const LIMIT = 5e-6

const configs: readonly [string, ModelConfig][] = [
  ['one key head', tiny],
  ['as many key heads as heads', { ...tiny, dims: { ...tiny.dims, G: 3 } }],
  ['biases and a tied head', { ...tiny, tied: true, bias: { q: true, k: true, v: true, o: true } }],
]

function expectSame(got: Map<string, F32Tensor>, want: Map<string, F32Tensor>): void {
  expect([...got.keys()]).toEqual([...want.keys()])
  for (const [name, { shape, data }] of want) {
    expect([name, got.get(name)!.shape]).toEqual([name, shape])
    expectClose(got.get(name)!.data, data, shape.at(-1)!, LIMIT)
  }
}

/** Six tokens in one pass, then four, one and one, with every stage looked at. */
async function allStages(engine: Engine, config: ModelConfig, mask: Pass['mask']): Promise<Map<string, F32Tensor>[]> {
  const cache = engine.createCache()
  const outputs = stages.filter((name) => name !== 'patches')
  const results = [await engine.run(tinyPass(engine.createCache(), config, { range: [0, 6], outputs: stages, mask }))]
  results.push(await engine.run(tinyPass(cache, config, { range: [0, 4], outputs: ['logits'], mask })))
  for (const range of [
    [4, 5],
    [5, 6],
  ] as const)
    results.push(await engine.run(tinyPass(cache, config, { range, outputs, mask })))
  return results
}

describe.skipIf(noGpu !== '').each(configs)(`%s${skipped}`, (_, config) => {
  let engine: Engine
  let plain: Engine
  beforeAll(async () => {
    engine = await webgpuEngine(config)
    plain = await tinyEngine(config)
  })
  afterAll(() => engine?.close())

  test.each([
    ['full', null],
    ['causal', null],
    ['causal', 2],
  ] as const)('all stages are those of the reference backend: %s, window %s', async (kind, window) => {
    const want = await allStages(plain, config, { kind, window })
    const got = await allStages(engine, config, { kind, window })
    for (const [i, outputs] of want.entries()) expectSame(got[i], outputs)
  })
})

describe.skipIf(noGpu !== '')(`weight formats${skipped}`, () => {
  /** The checkpoint with each weight as the format stores it. */
  function dequantised(config: ModelConfig, format: WeightFormat): Map<string, Float32Array> {
    const weights = randomWeights(config) as Map<string, Float32Array>
    for (const { name, role, shape, format: stored } of storedWeights(config, () => 'F32', format)) {
      const [rows, inner = 1] = shape
      const values = weights.get(name)!
      if (stored === 'bf16') weights.set(name, bf16ToF32(Uint16Array.from(values, f32ToBf16Bits)))
      else if (role !== 'vector' && stored !== 'f32') {
        const panels = Array.from({ length: Math.ceil(rows / 8) }, (_, p) => {
          const own = values.subarray(p * 8 * inner, Math.min(rows, p * 8 + 8) * inner)
          return [...unpackPanel(stored, packPanel(stored, own, inner), inner)]
        })
        weights.set(name, Float32Array.from(panels.flat().slice(0, rows * inner)))
      }
    }
    return weights
  }

  test.each(['bf16', 'q8', 'q4'] as const)(
    '%s: what the reference backend gives on the same values',
    async (weights) => {
      const engine = await webgpuEngine(tiny, { settings: { weights } })
      expect(engine.info).toMatchObject({ backend: 'webgpu', weights })
      const plain = await tinyEngine(tiny, { weights: sourceOf(tiny, dequantised(tiny, weights)) })
      const mask = { kind: 'causal', window: null } as const
      const want = await allStages(plain, tiny, mask)
      for (const [i, outputs] of (await allStages(engine, tiny, mask)).entries()) expectSame(outputs, want[i])
      await engine.close()
    },
  )

  test('a bf16 checkpoint stays bf16, and is widened when f32 is asked for', async () => {
    const weights = sourceOf(tiny, randomWeights(tiny, 'BF16'))
    const logits = async (format: WeightFormat) => {
      const host = watchedHost()
      const engine = await webgpuEngine(tiny, { settings: { weights: format }, request: { weights }, host })
      const { bytes } = host
      const run = await engine.run(tinyPass(engine.createCache(), tiny, { range: [0, 6], outputs: ['logits'] }))
      await engine.close()
      return { bytes, logits: run.get('logits') }
    }
    const [exact, wide] = [await logits('exact'), await logits('f32')]
    expect(exact.logits).toEqual(wide.logits)
    expect(exact.bytes).toBeLessThan(wide.bytes)
  })

  test('matrices and tables in several buffers give the same bits', async () => {
    const weights = 'q8' as const
    const logits = async (bindingBytes?: number) => {
      const host = watchedHost()
      const settings = { weights, ...(bindingBytes !== undefined && { bindingBytes }) }
      const config = { ...tiny, dims: { ...tiny.dims, V: 21 } }
      const engine = await webgpuEngine(config, { settings, host })
      const { made } = host
      const run = await engine.run(tinyPass(engine.createCache(), config, { range: [0, 6], outputs: ['logits'] }))
      await engine.close()
      return { made, logits: run.get('logits') }
    }
    const [whole, split] = [await logits(), await logits(512)]
    expect(split.made).toBeGreaterThan(whole.made + 4)
    expect(split.logits).toEqual(whole.logits)
  })
})

describe.skipIf(noGpu !== '')(`an engine${skipped}`, () => {
  const host = watchedHost()
  let engine: Engine
  beforeAll(async () => {
    engine = await webgpuEngine(tiny, { host })
  })
  afterAll(() => engine?.close())

  test.each([
    [['embed'], 'logits'],
    [['layers.1.k_rope', 'layers.0.out'], 'logits'],
    [['layers.1.attn_weights', 'layers.1.v', 'layers.0.out'], 'layers.1.attn_heads'],
  ])('%s as a run computed them, given back, give the same bits of %s', async (names, wanted) => {
    const outputs = [...names, wanted]
    const whole = await engine.run(tinyPass(engine.createCache(), tiny, { range: [0, 6], outputs }))
    const given = new Map(names.map((name) => [name, whole.get(name)!]))
    const pass = tinyPass(engine.createCache(), tiny, { range: [0, 6], outputs: [wanted], given, keep: false })
    expect((await engine.run(pass)).get(wanted)).toEqual(whole.get(wanted))
  })

  test('hands outputs over one by one in the order of the data, and an error there ends the run', async () => {
    const outputs = ['layers.0.out', 'embed', 'logits']
    const pass = tinyPass(engine.createCache(), tiny, { range: [0, 6], outputs })
    const all = await engine.run({ ...pass, cache: engine.createCache() })
    const seen: string[] = []
    const onOutput = async (name: string, tensor: F32Tensor) => {
      seen.push(name)
      expect(tensor).toEqual(all.get(name))
    }
    expect(await engine.run({ ...pass, onOutput })).toEqual(new Map())
    expect(seen).toEqual(['embed', 'layers.0.out', 'logits'])
    const cache = engine.createCache()
    const failing = { ...pass, cache, onOutput: () => Promise.reject(new Error('disk full')) }
    await expect(engine.run(failing)).rejects.toThrow('disk full')
    expect(cache.length).toBe(0)
  })

  test('gives a prefix back after truncate, and grows a cache past its first buffers without losing it', async () => {
    const cache = engine.createCache()
    const last = (range: readonly [number, number]) => tinyPass(cache, tiny, { range, outputs: ['next_logits'] })
    await engine.run(last([0, 4]))
    const first = await engine.run(last([4, 6]))
    for (let n = 0; n < 130; n++) await engine.run(last([5, 6]))
    expect(cache.length).toBe(136)
    cache.truncate(4)
    expect(await engine.run(last([4, 6]))).toEqual(first)
    cache.free()
  })

  test('makes no buffer for a token', async () => {
    const cache = engine.createCache()
    const pass = tinyPass(cache, tiny, { range: [5, 6], outputs: ['next_logits'] })
    await engine.run(pass)
    const { made } = host
    for (let n = 0; n < 20; n++) await engine.run(pass)
    expect(host.made).toBe(made)
    cache.free()
  })

  test('an abort ends a run at once, leaves the cache as it was, and the next run is right', async () => {
    const cache = engine.createCache()
    const want = await engine.run(tinyPass(engine.createCache(), tiny, { range: [0, 6], outputs: ['logits'] }))
    const stop = new AbortController()
    const run = engine.run(tinyPass(cache, tiny, { range: [0, 6], outputs: ['logits'], signal: stop.signal }))
    setTimeout(() => stop.abort(new Error('enough')))
    await run.catch((error: Error) => expect(error.message).toBe('enough'))
    const aborted = new AbortController()
    aborted.abort(new Error('before'))
    const late = tinyPass(cache, tiny, { range: [0, 6], outputs: ['logits'], signal: aborted.signal })
    cache.truncate(0)
    await expect(engine.run(late)).rejects.toThrow('before')
    expect(cache.length).toBe(0)
    expect(await engine.run(tinyPass(cache, tiny, { range: [0, 6], outputs: ['logits'] }))).toEqual(want)
  })

  test('a pass waits for the work that an abort left behind before it submits its own', async () => {
    const { queue } = host.device!
    const [submit, workDone] = [queue.submit.bind(queue), queue.onSubmittedWorkDone.bind(queue)]
    const stop = new AbortController()
    const seen: string[] = []
    const pass = tinyPass(engine.createCache(), tiny, { range: [0, 6], outputs: ['logits'], keep: false })
    await engine.run(pass)
    queue.submit = (buffers) => {
      seen.push('submitted')
      submit(buffers)
      queueMicrotask(() => stop.abort(new Error('enough')))
    }
    queue.onSubmittedWorkDone = () => workDone().then(() => void seen.push('ended'))
    try {
      await expect(engine.run({ ...pass, signal: stop.signal })).rejects.toThrow('enough')
      await engine.run(pass)
    } finally {
      queue.submit = submit
      queue.onSubmittedWorkDone = workDone
    }
    expect(seen).toEqual(['submitted', 'ended', 'submitted'])
  })

  test('more tokens than a grid has rows are refused before anything is made or submitted', async () => {
    const cache = engine.createCache()
    const pass = tinyPass(cache, tiny, { range: [0, 1], outputs: ['layers.0.attn_norm'] })
    const S = 65_536
    const long = { ...pass, ids: new Int32Array(S), positions: new Int32Array(3 * S) }
    const { queue } = host.device!
    const [submit, { made }] = [queue.submit, host]
    queue.submit = () => expect.fail('submitted')
    try {
      await expect(engine.run(long)).rejects.toThrow(code('E_GPU_VALUE_SIZE'))
    } finally {
      queue.submit = submit
    }
    expect(host.made).toBe(made)
    expect(cache.length).toBe(0)
    expect((await engine.run(pass)).size).toBe(1)
  })

  test('a cache serves one pass at a time, and none once it is freed', async () => {
    const cache = engine.createCache()
    const pass = tinyPass(cache, tiny, { range: [0, 6], outputs: ['logits'] })
    const first = engine.run(pass)
    await expect(engine.run(pass)).rejects.toThrow(code('E_CACHE_BUSY'))
    await first
    cache.free()
    await expect(engine.run(pass)).rejects.toThrow(code('E_CACHE_FREED'))
  })
})
