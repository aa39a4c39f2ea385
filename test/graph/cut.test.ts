import { expect, test } from 'vitest'
import { cutGraph } from '../../src/graph/cut.ts'
import { fuseAttention } from '../../src/graph/fuse.ts'
import { type Graph, inputsOf } from '../../src/graph/graph.ts'
import { buildPass } from '../../src/model/sail.ts'
import { tiny } from '../model/tiny.ts'

const whole = buildPass(tiny, { patches: true })
const kinds = (graph: Graph): string[] => graph.ops.map(({ kind }) => kind)

test('a stage whose inputs are given is one op', () => {
  const given = ['layers.1.gate', 'layers.1.up']
  const graph = cutGraph(whole, { outputs: ['layers.1.act'], given, effects: false })
  expect(kinds(graph)).toEqual(['swiglu'])
  expect([...graph.inputs.keys()]).toEqual(given)
  expect([...graph.stages.keys()].sort()).toEqual(['layers.1.act', ...given].sort())
})

test('every op of a cut graph reads what is given or computed before it', () => {
  const graph = cutGraph(whole, { outputs: ['logits'], given: ['layers.0.out'], effects: true })
  const known = new Set([...graph.inputs.values()].map(({ id }) => id))
  for (const op of graph.ops) {
    for (const { id } of inputsOf(op)) expect(known).toContain(id)
    known.add(op.out.id)
  }
})

test('the patches stay an input only where something needs them', () => {
  expect([...cutGraph(whole, { outputs: ['embed'], effects: false }).inputs.keys()]).toEqual(['patches'])
  expect([...cutGraph(whole, { outputs: ['logits'], given: ['embed'] }).inputs.keys()]).toEqual(['embed'])
})

test('effects fill the cache of every layer, also behind a given stage; without them nothing is filled in vain', () => {
  const caches = (graph: Graph): number => graph.ops.filter(({ kind }) => kind === 'cache').length
  expect(caches(cutGraph(whole, { outputs: ['layers.0.q'], effects: true }))).toBe(4)
  expect(caches(cutGraph(whole, { outputs: [], given: ['layers.1.out'], effects: true }))).toBe(4)
  expect(caches(cutGraph(whole, { outputs: ['layers.0.q'], effects: false }))).toBe(0)
  expect(caches(cutGraph(whole, { outputs: ['layers.0.out'], effects: false }))).toBe(2)
})

test('given k_rope and v fill the cache and nothing is computed', () => {
  const given = [0, 1].flatMap((i) => [`layers.${i}.k_rope`, `layers.${i}.v`])
  expect(kinds(cutGraph(whole, { outputs: [], given, effects: true }))).toEqual(['cache', 'cache', 'cache', 'cache'])
})

test('a given stage is handed out as it came', () => {
  const graph = cutGraph(whole, { outputs: ['embed'], given: ['embed'], effects: false })
  expect(graph.ops).toEqual([])
  expect(graph.outputs).toEqual(['embed'])
})

test('next_logits does not compute the logits of every row', () => {
  const graph = cutGraph(whole, { outputs: ['next_logits'] })
  expect(kinds(graph).slice(-3)).toEqual(['rmsNorm', 'lastRow', 'linear'])
})

test('an unknown name is an error, wanted or given', () => {
  const unknown = expect.objectContaining({ code: 'E_GRAPH_STAGE_UNKNOWN', place: 'layers.2.out' })
  expect(() => cutGraph(whole, { outputs: ['layers.2.out'] })).toThrow(unknown)
  expect(() => cutGraph(whole, { outputs: [], given: ['layers.2.out'] })).toThrow(unknown)
})

test('attention is fused where nobody looks at the weights', () => {
  const graph = fuseAttention(cutGraph(whole, { outputs: ['logits', 'layers.1.attn_weights'] }))
  expect(kinds(graph).filter((kind) => kind.startsWith('att'))).toEqual(['attention', 'attnWeights', 'attnMix'])
  expect(graph.stages.has('layers.0.attn_weights')).toBe(false)
  expect(graph.stages.has('layers.1.attn_weights')).toBe(true)
})

test('given weights are used as they are', () => {
  const given = ['layers.0.attn_weights', 'layers.0.v']
  const graph = fuseAttention(cutGraph(whole, { outputs: ['layers.0.attn_heads'], given, effects: false }))
  expect(kinds(graph)).toEqual(['cache', 'attnMix'])
})
