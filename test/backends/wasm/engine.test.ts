// The wasm backend against the reference backend on a tiny random model: every stage, every mask, every way to cut a graph.
import { describe, expect, test, vi } from 'vitest'
import type { Engine, LoadProgress, Pass } from '../../../src/backends/backend.ts'
import { planMemory } from '../../../src/backends/wasm/plan/plan-memory.ts'
import type { ModelConfig } from '../../../src/config/model-config.ts'
import { buildPass } from '../../../src/model/sail.ts'
import type { F32Tensor } from '../../../src/tensor.ts'
import { tiny } from '../../model/tiny.ts'
import { expectClose } from '../close.ts'
import { randomWeights, sourceOf, tinyEngine, tinyPass } from '../tiny-engine.ts'
import { wasmEngine } from './wasm-engine.ts'

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

/** Six tokens in one pass, then the same split, with every stage looked at. */
async function allStages(engine: Engine, config: ModelConfig, mask: Pass['mask']): Promise<Map<string, F32Tensor>[]> {
  const whole = tinyPass(engine.createCache(), config, { range: [0, 6], outputs: stages, mask })
  const cache = engine.createCache()
  const first = tinyPass(cache, config, { range: [0, 4], outputs: ['logits'], mask })
  const last = tinyPass(cache, config, {
    range: [5, 6],
    outputs: [...stages.filter((name) => name !== 'patches')],
    mask,
  })
  return [await engine.run(whole), await engine.run(first), await engine.run(last)]
}

describe.each(configs)('%s', (_, config) => {
  test.each([
    ['full', null],
    ['causal', null],
    ['causal', 2],
  ] as const)('all stages are those of the reference backend: %s, window %s', async (kind, window) => {
    const [engine, plain] = [await wasmEngine(config), await tinyEngine(config)]
    const got = await allStages(engine, config, { kind, window })
    const want = await allStages(plain, config, { kind, window })
    for (const [i, outputs] of want.entries()) expectSame(got[i], outputs)
  })
})

test('what nobody looks at does not change what others see', async () => {
  const engine = await wasmEngine(tiny)
  const run = (outputs: string[]) => engine.run(tinyPass(engine.createCache(), tiny, { range: [0, 6], outputs }))
  const all = await run(stages.filter((name) => !name.endsWith('attn_weights')))
  for (const name of ['layers.0.out', 'layers.1.act', 'layers.1.k_rope', 'next_logits'])
    expect([name, (await run([name])).get(name)]).toEqual([name, all.get(name)])
})

test.each([
  [['embed'], 'logits'],
  [['layers.0.out'], 'logits'],
  [['layers.1.k_rope', 'layers.0.out'], 'logits'],
  [['layers.1.attn_heads', 'layers.0.out'], 'logits'],
  [['layers.1.attn_weights', 'layers.1.v', 'layers.0.out'], 'layers.1.attn_heads'],
])('%s as a run computed them, given back, give the same bits of %s', async (names, wanted) => {
  const engine = await wasmEngine(tiny)
  const outputs = [...names, wanted]
  const whole = await engine.run(tinyPass(engine.createCache(), tiny, { range: [0, 6], outputs }))
  const given = new Map(names.map((name) => [name, whole.get(name)!]))
  const pass = tinyPass(engine.createCache(), tiny, { range: [0, 6], outputs: [wanted], given, keep: false })
  expect((await engine.run(pass)).get(wanted)).toEqual(whole.get(wanted))
})

test('outputs are handed over one by one in the order of the data, and an error there ends the run', async () => {
  const engine = await wasmEngine(tiny)
  const names: string[] = []
  const pass = tinyPass(engine.createCache(), tiny, { range: [0, 6], outputs: stages })
  const result = await engine.run({ ...pass, onOutput: async (name) => void names.push(name) })
  expect(result.size).toBe(0)
  expect(names).toEqual(stages)
  const onOutput = () => Promise.reject(new Error('disk full'))
  await expect(engine.run({ ...pass, cache: engine.createCache(), onOutput })).rejects.toThrow('disk full')
})

test('a pass longer than a block of rows gives what short passes give', async () => {
  const engine = await wasmEngine(tiny)
  const S = 1100
  const graph = tinyPass(engine.createCache(), tiny, { range: [4, 6], outputs: ['layers.1.out', 'next_logits'] }).graph
  const ids = Int32Array.from({ length: S }, (_, s) => s % 7)
  const pass = (cache: ReturnType<Engine['createCache']>, from: number, to: number): Pass => ({
    graph,
    cache,
    ids: ids.slice(from, to),
    positions: Int32Array.from({ length: 3 * (to - from) }, (_, i) => from + (i % (to - from))),
    mask: { kind: 'causal', window: null },
    given: new Map(),
    keep: true,
  })
  const whole = (await engine.run(pass(engine.createCache(), 0, S))).get('layers.1.out')!
  const cache = engine.createCache()
  for (let from = 0; from < S; from += 100) {
    const part = (await engine.run(pass(cache, from, from + 100))).get('layers.1.out')!
    expect(part.data).toEqual(whole.data.slice(from * 12, (from + 100) * 12))
  }
  expect(cache.length).toBe(S)
})

test('a long pass on the calling thread looks for an abort behind each block of rows', async () => {
  const engine = await wasmEngine(tiny)
  const { graph } = tinyPass(engine.createCache(), tiny, { range: [4, 6], outputs: ['next_logits'] })
  const looks = async (S: number): Promise<number> => {
    const { signal } = new AbortController()
    const look = vi.spyOn(signal, 'throwIfAborted')
    const ids = Int32Array.from({ length: S }, (_, s) => s % 7)
    const positions = Int32Array.from({ length: 3 * S }, (_, i) => i % S)
    const mask = { kind: 'causal', window: null } as const
    await engine.run({
      graph,
      cache: engine.createCache(),
      ids,
      positions,
      mask,
      given: new Map(),
      keep: false,
      signal,
    })
    return look.mock.calls.length
  }
  const groups = 3 // keys of the first layer; the rest of it and keys of the second; the rest of that
  expect((await looks(2400)) - (await looks(240))).toBeGreaterThanOrEqual(9 * groups)
})

test('layers in several memories compute the same bits', async () => {
  const outputs = ['embed', 'rope.cos', 'layers.0.out', 'layers.1.q', 'logits', 'next_logits']
  const run = async (shardBytes?: number) => {
    const engine = await wasmEngine(tiny, { settings: shardBytes === undefined ? {} : { shardBytes } })
    const cache = engine.createCache()
    const prefix = await engine.run(
      tinyPass(cache, tiny, { range: [0, 4], outputs, mask: { kind: 'full', window: null } }),
    )
    return [
      engine.info.notes.join(),
      prefix,
      await engine.run(tinyPass(cache, tiny, { range: [4, 5], outputs })),
    ] as const
  }
  const [, ...one] = await run()
  const { weights, cache, scratch } = planMemory(tiny, () => 'F32', 'f32', { threads: 1 })
  const [notes, ...two] = await run(weights + cache + scratch - 1)
  expect(notes).toContain('2 memories')
  expect(two).toEqual(one)
})

describe('loading', () => {
  test('reports bytes that only grow, up to all of them', async () => {
    const seen: LoadProgress[] = []
    await wasmEngine(tiny, { request: { onProgress: (progress) => seen.push(progress) } })
    const loaded = seen.map((progress) => progress.loaded)
    expect(loaded).toEqual([...loaded].sort((a, b) => a - b))
    expect(seen[0].phase).toBe('pack')
    expect(seen.at(-1)).toMatchObject({ phase: 'ready', loaded: seen[0].total, total: seen[0].total })
  })

  test.each(['f32', 'bf16', 'q8', 'q4'] as const)('names the weight that is not finite: %s', async (weights) => {
    for (const [name, at] of [
      ['model.layers.1.mlp.up_proj.weight', 17],
      ['model.embed_tokens.weight', 5],
      ['model.norm.weight', 3],
    ] as const) {
      const data = randomWeights(tiny)
      data.get(name)![at] = Number.NaN
      const load = wasmEngine(tiny, { settings: { weights }, request: { weights: sourceOf(tiny, data) } })
      const place = `${name}, element ${at}`
      await expect(load).rejects.toThrow(expect.objectContaining({ code: 'E_WEIGHTS_NOT_FINITE', place }))
    }
  })

  test('a weight that is missing is an error before anything is read', async () => {
    const data = randomWeights(tiny)
    data.delete('model.norm.weight')
    const read = () => Promise.reject(new Error('must not be read'))
    const load = wasmEngine(tiny, { request: { weights: { ...sourceOf(tiny, data), read } } })
    await expect(load).rejects.toThrow(code('E_BACKEND_WEIGHT'))
  })

  test('stops when aborted', async () => {
    const stop = new AbortController()
    const onProgress = () => stop.abort(new Error('enough'))
    await expect(wasmEngine(tiny, { request: { onProgress, signal: stop.signal } })).rejects.toThrow('enough')
  })

  test('bf16 weights are used as they are, or widened when f32 is asked for', async () => {
    const bits = sourceOf(tiny, randomWeights(tiny, 'BF16'))
    const logits = async (weights: 'exact' | 'f32' | 'bf16') => {
      const engine = await wasmEngine(tiny, { settings: { weights }, request: { weights: bits } })
      return (await engine.run(tinyPass(engine.createCache(), tiny, { range: [0, 6], outputs: ['logits'] }))).get(
        'logits',
      )!
    }
    const exact = await logits('exact')
    expect(await logits('f32')).toEqual(exact)
    expect(await logits('bf16')).toEqual(exact)
  })

  test('a head size that the kernels cannot cut into fours is refused', async () => {
    const config = { ...tiny, dims: { ...tiny.dims, E: 6 }, ropeSections: [1, 1, 1] } as const
    await expect(wasmEngine(config)).rejects.toThrow(code('E_BACKEND_SIZES'))
  })

  test('more than the machine has is refused before anything is read, with the format that fits', async () => {
    const read = () => Promise.reject(new Error('must not be read'))
    const weights = { ...sourceOf(tiny, randomWeights(tiny)), read }
    const memory = async () => ({ bytes: 1000, source: 'the memory limit of the container' })
    const load = wasmEngine(tiny, { request: { weights }, host: { memory } })
    await expect(load).rejects.toThrow(code('E_MEMORY_SHORT'))
  })
})

test('relaxed kernels need memory that workers share', async () => {
  await expect(wasmEngine(tiny, { settings: { kernels: 'relaxed' } })).rejects.toThrow(code('E_KERNELS_UNAVAILABLE'))
  const auto = await wasmEngine(tiny, { settings: { kernels: 'auto', threads: 'auto' } })
  expect(auto.info).toMatchObject({ backend: 'wasm', kernels: 'strict', threads: 1, weights: 'f32' })
  expect(auto.info.notes.join()).toContain('relaxed')
})

test.each([
  ['full', null, [0, 6]],
  ['causal', null, [0, 6]],
  ['causal', 2, [3, 6]],
] as const)(
  'the next token alone is what all rows say of it: %s, window %s, tokens %o',
  async (kind, window, range) => {
    const engine = await wasmEngine(tiny)
    const run = async (outputs: string[]): Promise<Map<string, F32Tensor>> => {
      const cache = engine.createCache()
      if (range[0] > 0)
        await engine.run(tinyPass(cache, tiny, { range: [0, range[0]], outputs: [], mask: { kind, window } }))
      return engine.run(tinyPass(cache, tiny, { range: [...range], outputs, mask: { kind, window } }))
    }
    const all = (await run(['logits'])).get('logits')!
    const next = (await run(['next_logits'])).get('next_logits')!
    expectClose(next.data, all.data.slice(-all.shape[1]), all.shape[1], LIMIT)
  },
)

test('vectors that V8 may join are noted', async () => {
  const notes = async (bits: 128 | 256) =>
    (await wasmEngine(tiny, { host: { vectorBits: () => bits } })).info.notes.join()
  expect(await notes(256)).toContain('256 bits')
  expect(await notes(128)).not.toContain('256 bits')
})

test('an abort arrives between groups, and the cache stays as it was', async () => {
  const engine = await wasmEngine(tiny)
  const cache = engine.createCache()
  const stop = new AbortController()
  const onOutput = async () => stop.abort(new Error('enough'))
  const pass = tinyPass(cache, tiny, { range: [0, 6], outputs: ['layers.0.out', 'logits'], signal: stop.signal })
  await expect(engine.run({ ...pass, onOutput })).rejects.toThrow('enough')
  expect(cache.length).toBe(0)
})

test('timers get their turn while token after token is computed', async () => {
  const engine = await wasmEngine(tiny)
  const cache = engine.createCache()
  const stop = new AbortController()
  setTimeout(() => stop.abort(new Error('enough')), 5)
  const long = async () => {
    for (;;)
      await engine.run(
        tinyPass(cache, tiny, { range: [5, 6], outputs: ['next_logits'], keep: false, signal: stop.signal }),
      )
  }
  await expect(long()).rejects.toThrow('enough')
})
