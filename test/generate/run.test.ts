import { expect, test } from 'vitest'
import { f32 } from '../../src/tensor.ts'
import { FakeEngine, open } from './fake-engine.ts'

const code = (code: string) => expect.objectContaining({ code })

test('passes and steps give the engine their ids, positions, mask and patches', async () => {
  const engine = new FakeEngine([5], 7)
  const run = open(engine)
  await run.pass('prefix', {})
  await run.pass('text', { stages: ['next_logits'] })
  await run.step(5, { stages: ['next_logits'] })
  await run.step(6, {})
  const [prefix, text, first, second] = engine.passes
  expect([...prefix.ids]).toEqual([10, 11, 11, 12])
  expect([...prefix.positions]).toEqual([0, 1, 1, 3, 0, 1, 1, 3, 0, 1, 2, 3])
  expect(prefix.mask.kind).toBe('full')
  expect([...prefix.patchIndices!]).toEqual([-1, 0, 1, -1])
  expect(prefix.given.get('patches')!.shape).toEqual([2, 3])
  expect([...text.ids]).toEqual([1, 8, 9])
  expect([...text.positions]).toEqual([4, 5, 6, 4, 5, 6, 4, 5, 6])
  expect(text.patchIndices).toBeUndefined()
  expect([...first.positions, ...second.positions]).toEqual([7, 7, 7, 8, 8, 8])
  expect(run.length).toBe(9)
})

test('equal requests use one graph', async () => {
  const engine = new FakeEngine([5], 7)
  const run = open(engine)
  await run.pass('prefix', {})
  await run.pass('text', {})
  for (const id of [4, 5]) await run.step(id, { stages: ['next_logits'] })
  expect(engine.passes[2].graph).toBe(engine.passes[3].graph)
})

test('keep false leaves the cache, truncate goes back', async () => {
  const run = open(new FakeEngine([5], 7))
  await run.pass('prefix', {})
  await run.pass('text', { keep: false })
  expect(run.length).toBe(4)
  await run.pass('text', {})
  run.truncate(4)
  await run.pass('text', {})
  expect(run.length).toBe(7)
})

test('a given stage becomes an input of the graph', async () => {
  const engine = new FakeEngine([5], 7)
  const given = new Map([['layers.0.out', f32([4, 4], new Float32Array(16))]])
  await open(engine).pass('prefix', { stages: ['final_norm'], given, keep: false })
  expect([...engine.passes[0].graph.inputs.keys()]).toEqual(['layers.0.out'])
})

test('what does not fit is refused before the engine runs', async () => {
  const engine = new FakeEngine([5], 7)
  const run = open(engine)
  const give = (name: string, shape: number[], length: number) =>
    run.pass('prefix', { given: new Map([[name, f32(shape, new Float32Array(length))]]) })
  await expect(run.pass('middle', {})).rejects.toThrow(code('E_RUN_PASS_UNKNOWN'))
  await expect(run.pass('text', {})).rejects.toThrow(code('E_RUN_ORDER'))
  await expect(run.step(1, {})).rejects.toThrow(code('E_RUN_ORDER'))
  expect(() => run.truncate(1)).toThrow(code('E_RUN_ORDER'))
  await expect(run.pass('prefix', { stages: ['layers.1.out'] })).rejects.toThrow(code('E_GRAPH_STAGE_UNKNOWN'))
  await expect(give('layers.9.out', [4, 4], 16)).rejects.toThrow(code('E_GRAPH_STAGE_UNKNOWN'))
  await expect(give('layers.0.out', [3, 4], 12)).rejects.toThrow(code('E_GIVEN_SHAPE'))
  await expect(give('layers.0.out', [4, 4], 15)).rejects.toThrow(code('E_GIVEN_SHAPE'))
  expect(engine.passes).toEqual([])
  await run.pass('prefix', {})
  await run.pass('text', {})
  for (const id of [-1, 16, 0.5, Number.NaN]) await expect(run.step(id, {})).rejects.toThrow(code('E_RUN_ID'))
})

test('a step past the last position is refused', async () => {
  const run = open(new FakeEngine([], 7))
  await run.pass('prefix', {})
  await run.pass('text', {})
  for (let position = 7; position < 100; position++) await run.step(1, {})
  await expect(run.step(1, {})).rejects.toThrow(code('E_RUN_POSITIONS'))
})

test('a closed run frees its cache once and refuses to go on', async () => {
  const engine = new FakeEngine([5], 7)
  const cache = engine.createCache()
  const run = open(engine, undefined, cache)
  await run.pass('prefix', {})
  run.close()
  run.close()
  expect(cache.freed).toBe(true)
  await expect(run.pass('text', {})).rejects.toThrow(code('E_RUN_CLOSED'))
  await expect(run.step(1, {})).rejects.toThrow(code('E_RUN_CLOSED'))
})

test('an aborted signal stops a pass before it starts', async () => {
  const engine = new FakeEngine([5], 7)
  const reason = new Error('enough')
  await expect(open(engine).pass('prefix', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  expect(engine.passes).toEqual([])
})
