import { describe, expect, test } from 'vitest'
import type { LoadProgress, Pass } from '../../src/backends/backend.ts'
import { reference } from '../../src/backends/reference/reference.ts'
import type { ModelConfig } from '../../src/config/model-config.ts'
import { tiny } from '../model/tiny.ts'
import { randomWeights, sourceOf, tinyEngine, tinyPass, tokens } from './tiny-engine.ts'

const code = (name: string) => expect.objectContaining({ code: name })
const head = ['next_logits']

describe('given values', () => {
  test('what a run computed, given back, gives the same bits behind it', async () => {
    const engine = await tinyEngine()
    const outputs = ['layers.0.out', 'layers.1.attn_weights', 'layers.1.v', 'logits']
    const whole = await engine.run(tinyPass(engine.createCache(), tiny, { range: [0, 6], outputs }))
    for (const names of [['layers.0.out'], ['layers.1.attn_weights', 'layers.1.v', 'layers.0.out']]) {
      const given = new Map(names.map((name) => [name, whole.get(name)!]))
      const pass = tinyPass(engine.createCache(), tiny, { range: [0, 6], outputs: ['logits'], given, keep: false })
      expect((await engine.run(pass)).get('logits')).toEqual(whole.get('logits'))
    }
  })

  test('given k_rope and v fill the cache as the pass itself does', async () => {
    const engine = await tinyEngine()
    const [computed, filled] = [engine.createCache(), engine.createCache()]
    const names = [0, 1].flatMap((i) => [`layers.${i}.k_rope`, `layers.${i}.v`])
    const given = await engine.run(tinyPass(computed, tiny, { range: [0, 4], outputs: names }))
    await engine.run(tinyPass(filled, tiny, { range: [0, 4], outputs: [], given }))
    const next = { range: [4, 6], outputs: head } as const
    expect(await engine.run(tinyPass(filled, tiny, next))).toEqual(await engine.run(tinyPass(computed, tiny, next)))
  })
})

describe('a pass is checked at the border', () => {
  const wrong: [string, string, (pass: Pass) => Partial<Pass>][] = [
    ['no tokens', 'E_BACKEND_INPUT', () => ({ ids: new Int32Array(0), positions: new Int32Array(0) })],
    ['an id past the vocabulary', 'E_BACKEND_INPUT', ({ ids }) => ({ ids: ids.with(2, 7) })],
    ['a negative id', 'E_BACKEND_INPUT', ({ ids }) => ({ ids: ids.with(2, -1) })],
    ['too few positions', 'E_BACKEND_INPUT', ({ positions }) => ({ positions: positions.slice(1) })],
    ['a negative position', 'E_BACKEND_INPUT', ({ positions }) => ({ positions: positions.with(0, -1) })],
    [
      'a patch that is not there',
      'E_BACKEND_INPUT',
      ({ patchIndices }) => ({ patchIndices: patchIndices!.with(0, 2) }),
    ],
    ['no patches', 'E_BACKEND_INPUT', () => ({ given: new Map() })],
    [
      'patches of another size',
      'E_BACKEND_INPUT',
      () => ({ given: new Map([['patches', { ...tokens.patches, shape: [3, 8] }]]) }),
    ],
    [
      'a value that the graph does not take',
      'E_BACKEND_INPUT',
      ({ given }) => ({ given: new Map([...given, ['embed', tokens.patches]]) }),
    ],
    ['a window of 0', 'E_BACKEND_MASK', () => ({ mask: { kind: 'causal', window: 0 } })],
    ['a window in a full pass', 'E_BACKEND_MASK', () => ({ mask: { kind: 'full', window: 4 } })],
  ]
  test.each(wrong)('%s', async (_, expected, change) => {
    const engine = await tinyEngine()
    const cache = engine.createCache()
    const pass = tinyPass(cache, tiny, { range: [0, 6], outputs: head })
    await expect(engine.run({ ...pass, ...change(pass) })).rejects.toThrow(code(expected))
    expect(cache.length).toBe(0)
  })

  test('a graph without all cache ops cannot be kept', async () => {
    const engine = await tinyEngine()
    const pass = tinyPass(engine.createCache(), tiny, { range: [0, 6], outputs: ['layers.0.out'], keep: false })
    await expect(engine.run({ ...pass, keep: true })).rejects.toThrow(code('E_BACKEND_KEEP'))
  })
})

describe('loading', () => {
  test('reports bytes that only grow, up to all of them', async () => {
    const seen: LoadProgress[] = []
    await tinyEngine(tiny, { onProgress: (progress) => seen.push(progress) })
    const loaded = seen.map((progress) => progress.loaded)
    expect(loaded).toEqual([...loaded].sort((a, b) => a - b))
    expect(seen.at(-1)).toMatchObject({ phase: 'ready', loaded: seen[0].total, total: seen[0].total })
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('names the weight that holds %s', async (bad) => {
    const data = randomWeights(tiny)
    data.get('model.layers.1.mlp.up_proj.weight')![17] = bad
    const place = 'model.layers.1.mlp.up_proj.weight, element 17'
    const weights = sourceOf(tiny, data)
    await expect(tinyEngine(tiny, { weights })).rejects.toThrow(
      expect.objectContaining({ code: 'E_WEIGHTS_NOT_FINITE', place }),
    )
  })

  test('a weight that is missing or has another shape is an error before anything is read', async () => {
    const data = randomWeights(tiny)
    data.delete('model.norm.weight')
    const read = () => Promise.reject(new Error('must not be read'))
    const missing = { ...sourceOf(tiny, data), read }
    await expect(tinyEngine(tiny, { weights: missing })).rejects.toThrow(code('E_BACKEND_WEIGHT'))
    const wider = { ...tiny, dims: { ...tiny.dims, F: 11 } }
    const misshapen = { ...sourceOf(tiny, randomWeights(tiny)), read }
    await expect(tinyEngine(wider, { weights: misshapen })).rejects.toThrow(code('E_BACKEND_WEIGHT'))
  })

  test('stops when aborted', async () => {
    const stop = new AbortController()
    const onProgress = () => stop.abort(new Error('enough'))
    await expect(tinyEngine(tiny, { onProgress, signal: stop.signal })).rejects.toThrow('enough')
  })

  test('bf16 weights give the bits of the same values in f32', async () => {
    const bits = randomWeights(tiny, 'BF16')
    const wide = new Map(
      [...bits].map(([name, values]) => [name, new Float32Array(Uint32Array.from(values, (b) => b << 16).buffer)]),
    )
    const answers = []
    for (const data of [bits, wide]) {
      const engine = await tinyEngine(tiny, { weights: sourceOf(tiny, data) })
      answers.push(await engine.run(tinyPass(engine.createCache(), tiny, { range: [0, 6], outputs: ['logits'] })))
    }
    expect(answers[0]).toEqual(answers[1])
  })
})

test('bf16 numerics hand out bf16 values only', async () => {
  const engine = await tinyEngine(tiny, { numerics: 'bf16' })
  const outputs = ['embed', 'rope.cos', 'layers.0.q_rope', 'layers.0.attn_weights', 'layers.1.act', 'logits']
  const values = await engine.run(tinyPass(engine.createCache(), tiny, { range: [0, 6], outputs }))
  for (const { data } of values.values())
    expect([...new Uint32Array(data.buffer)].filter((word) => word & 0xffff)).toEqual([])
  expect(engine.info).toMatchObject({ backend: 'reference', kernels: 'plain', threads: 1, weights: 'bf16' })
})

test('an abort arrives in the middle of a pass, and other work gets its turn', async () => {
  const config: ModelConfig = { ...tiny, dims: { ...tiny.dims, F: 40000 } }
  const engine = await tinyEngine(config)
  const cache = engine.createCache()
  const stop = new AbortController()
  setTimeout(() => stop.abort(new Error('enough')), 1)
  const long = async () => {
    for (let i = 0; i < 10_000; i++)
      await engine.run(tinyPass(cache, config, { range: [0, 6], outputs: head, keep: false, signal: stop.signal }))
  }
  await expect(long()).rejects.toThrow('enough')
})

test('the backend says who it is', async () => {
  expect(reference.name).toBe('reference')
  expect((await tinyEngine()).info).toMatchObject({ backend: 'reference', weights: 'exact', notes: [] })
})
