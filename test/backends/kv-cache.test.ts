import { describe, expect, test } from 'vitest'
import type { ModelConfig } from '../../src/config/model-config.ts'
import { tiny } from '../model/tiny.ts'
import { tinyEngine, tinyPass } from './tiny-engine.ts'

const code = (name: string) => expect.objectContaining({ code: name })
const head = ['next_logits']

describe('the cache', () => {
  const configs: [string, ModelConfig][] = [
    ['grouped heads', tiny],
    ['as many key heads as heads', { ...tiny, dims: { ...tiny.dims, G: 3 } }],
    [
      'biases, a tied head and a head size that is not D / H',
      {
        ...tiny,
        tied: true,
        bias: { q: true, k: true, v: true, o: true },
        dims: { ...tiny.dims, E: 6 },
        ropeSections: [1, 1, 1],
      },
    ],
  ]
  test.each(configs)('token by token gives the bits of one causal pass: %s', async (_, config) => {
    const engine = await tinyEngine(config)
    const outputs = ['layers.1.out', 'logits']
    const whole = await engine.run(tinyPass(engine.createCache(), config, { range: [0, 6], outputs }))
    const cache = engine.createCache()
    await engine.run(tinyPass(cache, config, { range: [0, 3], outputs: [] }))
    for (const s of [3, 4, 5]) {
      const step = await engine.run(tinyPass(cache, config, { range: [s, s + 1], outputs }))
      for (const name of outputs) {
        const { data, shape } = whole.get(name)!
        expect([...step.get(name)!.data]).toEqual([...data.subarray(s * shape[1], (s + 1) * shape[1])])
      }
    }
    expect(cache.length).toBe(6)
  })

  test('a window hides the first tokens from the last ones, however the tokens are split into passes', async () => {
    const engine = await tinyEngine()
    const mask = { kind: 'causal', window: 2 } as const
    const whole = await engine.run(tinyPass(engine.createCache(), tiny, { range: [0, 6], outputs: head, mask }))
    const cache = engine.createCache()
    await engine.run(tinyPass(cache, tiny, { range: [0, 5], outputs: [], mask }))
    const step = await engine.run(tinyPass(cache, tiny, { range: [5, 6], outputs: head, mask }))
    expect(step).toEqual(whole)
    const wider = await engine.run(tinyPass(engine.createCache(), tiny, { range: [0, 6], outputs: head }))
    expect(wider).not.toEqual(whole)
  })

  test('truncated to the prefix, it answers a second prompt as if it were the first', async () => {
    const engine = await tinyEngine()
    const cache = engine.createCache()
    await engine.run(tinyPass(cache, tiny, { range: [0, 4], outputs: [], mask: { kind: 'full', window: null } }))
    const first = await engine.run(tinyPass(cache, tiny, { range: [4, 6], outputs: head }))
    cache.truncate(4)
    await engine.run(tinyPass(cache, tiny, { range: [5, 6], outputs: head }))
    cache.truncate(4)
    expect(await engine.run(tinyPass(cache, tiny, { range: [4, 6], outputs: head }))).toEqual(first)
    expect(() => cache.truncate(7)).toThrow(code('E_CACHE_LENGTH'))
  })

  test('grows past its first capacity without losing a token', async () => {
    const engine = await tinyEngine()
    const cache = engine.createCache()
    for (let i = 0; i < 33; i++) await engine.run(tinyPass(cache, tiny, { range: [0, 6], outputs: [] }))
    expect(cache.length).toBe(198)
    const far = await engine.run(tinyPass(cache, tiny, { range: [4, 6], outputs: head }))
    cache.truncate(60)
    for (let i = 0; i < 23; i++) await engine.run(tinyPass(cache, tiny, { range: [0, 6], outputs: [] }))
    expect(await engine.run(tinyPass(cache, tiny, { range: [4, 6], outputs: head }))).toEqual(far)
  })

  test('is left as it was by a pass that is not kept, or that fails', async () => {
    const engine = await tinyEngine()
    const cache = engine.createCache()
    await engine.run(tinyPass(cache, tiny, { range: [0, 4], outputs: [] }))
    const look = { range: [4, 6], outputs: head, keep: false } as const
    const first = await engine.run(tinyPass(cache, tiny, look))
    expect(cache.length).toBe(4)
    const aborted = tinyPass(cache, tiny, {
      range: [4, 6],
      outputs: head,
      signal: AbortSignal.abort(new Error('enough')),
    })
    await expect(engine.run(aborted)).rejects.toThrow('enough')
    expect(await engine.run(tinyPass(cache, tiny, look))).toEqual(first)
  })

  test('serves one pass at a time, and none once freed or brought from elsewhere', async () => {
    const engine = await tinyEngine()
    const cache = engine.createCache()
    const pass = tinyPass(cache, tiny, { range: [0, 6], outputs: head })
    const running = engine.run(pass)
    await expect(engine.run(pass)).rejects.toThrow(code('E_CACHE_BUSY'))
    await running
    const other = await tinyEngine()
    await expect(other.run(pass)).rejects.toThrow(code('E_BACKEND_CACHE'))
    cache.free()
    cache.free()
    await expect(engine.run(pass)).rejects.toThrow(code('E_CACHE_FREED'))
    await other.close()
    await expect(other.run(tinyPass(other.createCache(), tiny, { range: [0, 6], outputs: head }))).rejects.toThrow(
      code('E_BACKEND_CLOSED'),
    )
  })
})
