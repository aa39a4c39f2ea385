import { expect, test } from 'vitest'
import type { ModelConfig } from '../../src/config/model-config.ts'
import { expectedWeights } from '../../src/config/weight-names.ts'
import { cutGraph } from '../../src/graph/cut.ts'
import type { Op, Weight } from '../../src/graph/graph.ts'
import { buildPass } from '../../src/model/sail.ts'
import { tiny } from './tiny.ts'

function weightsOf(op: Op): readonly Weight[] {
  if (op.kind === 'gather') return [op.table]
  if (op.kind === 'rmsNorm') return [op.weight]
  if (op.kind === 'linear') return op.bias === null ? [op.weight] : [op.weight, op.bias]
  return []
}

/** Names and shapes of the weights that a graph reads. */
function read(config: ModelConfig, patches: boolean) {
  const { ops } = buildPass(config, { patches })
  return new Map(ops.flatMap(weightsOf).map(({ name, shape }) => [name, shape]))
}

test.each([
  ['SAIL', tiny],
  ['q, k, v biases', { ...tiny, bias: { q: true, k: true, v: true, o: false } }],
  ['an o bias', { ...tiny, bias: { q: false, k: false, v: false, o: true } }],
  ['a tied head', { ...tiny, tied: true }],
])('an image pass reads exactly the expected weights: %s', (_, config) => {
  const sorted = (weights: ReadonlyMap<string, readonly number[]>) => [...weights].sort(([a], [b]) => (a < b ? -1 : 1))
  expect(sorted(read(config, true))).toEqual(sorted(expectedWeights(config)))
})

test('a text pass reads no patch embedding', () => {
  expect(read(tiny, false).has('model.vis_embed.weight')).toBe(false)
  expect(read(tiny, true).get('model.vis_embed.weight')).toEqual([12, 12])
})

test('a tied head reads the embedding table', () => {
  const graph = cutGraph(buildPass({ ...tiny, tied: true }, { patches: false }), {
    outputs: ['logits'],
    given: ['final_norm'],
    effects: false,
  })
  expect(graph.ops.flatMap(weightsOf)).toEqual([{ name: 'model.embed_tokens.weight', shape: [7, 12] }])
})

test('patches added to a text-only checkpoint are an error', () => {
  const text = { ...tiny, patchSize: null }
  expect(expectedWeights(text).has('model.vis_embed.weight')).toBe(false)
  expect(() => buildPass(text, { patches: true })).toThrow(expect.objectContaining({ code: 'E_MODEL_NO_VISION' }))
})

test('a head size that is not D / H, and 1-D rope, build', () => {
  const config: ModelConfig = { ...tiny, dims: { ...tiny.dims, E: 6 }, ropeSections: [3, 0, 0] }
  const { stages } = buildPass(config, { patches: true })
  expect(stages.get('layers.0.attn_heads')?.shape).toEqual(['S', 18])
  expect(stages.get('layers.0.attn_out')?.shape).toEqual(['S', 12])
})

test('sections that do not fill half a head are an error before any weight is read', () => {
  const config: ModelConfig = { ...tiny, ropeSections: [0, 32, 32] }
  expect(() => buildPass(config, { patches: true })).toThrow(expect.objectContaining({ code: 'E_GRAPH_SHAPE' }))
})
