import { describe, expect, test } from 'vitest'
import { STAGES } from '../../src/graph/stages.ts'
import { matchesGlob, selectStages } from '../../src/graph/stages-glob.ts'
import { dimension, findStage, inDataOrder, stageInputs, stageNames } from '../../src/graph/stages-names.ts'
import { buildPass } from '../../src/model/sail.ts'
import { openTensors } from '../backends/safetensors.ts'
import { tiny } from '../model/tiny.ts'
import { shared } from '../support/golden.ts'

const passes = ['prefix', 'text']
const names = stageNames({ L: 2, passes })

describe('the table', () => {
  test('every row has a known dtype, a kind, inputs that exist and words', () => {
    const known = new Set([...STAGES.map(({ name }) => name), 'layers.i.input', 'layers.L-1.out', 'prefix.final_norm'])
    for (const row of STAGES) {
      expect(['F32', 'U8', 'I64']).toContain(row.dtype)
      expect(['exact', 'close']).toContain(row.kind)
      expect(row.from.filter((name) => !known.has(name))).toEqual([])
      expect(row.formula && row.source).toBeTruthy()
    }
  })

  test('its rows of a pass are the stages of the graph, shapes included', () => {
    const { stages } = buildPass(tiny, { patches: true })
    const { D, H, G, E, F, V } = tiny.dims
    const inGraph = new Map([...stages].filter(([name]) => name !== 'next_logits' && name !== 'patches'))
    const listed = names.filter((name) => name.startsWith('prefix.') && name !== 'prefix.mask')
    expect([...inGraph.keys()].map((name) => `prefix.${name}`).sort()).toEqual([...listed].sort())
    for (const [name, value] of inGraph) {
      const { row } = findStage(`prefix.${name}`)!
      // S and K stay letters in a graph: 1 is no size of this model, so they show as 1.
      const sizes = { D, H, G, E, F, V, S: 1, K: 1 }
      const shape = row.shape.split(' ').map((dim) => dimension(dim, sizes))
      expect([name, shape]).toEqual([name, value.shape.map((dim) => (typeof dim === 'number' ? dim : 1))])
    }
  })

  test.skipIf(shared === null)(
    'names every tensor of a golden file, in shape and dtype (skipped without shared goldens)',
    () => {
      const { entries } = openTensors(`${shared}cases/p14-landscape.f32.safetensors`)
      expect([...entries.keys()].filter((name) => findStage(name) === null)).toEqual([])
      expect([...entries.keys()].sort()).toEqual(stageNames({ L: 3, passes }).sort())
      const model = { D: 256, H: 2, G: 1, E: 128, F: 640, V: 622, p: 14, T: 85, P: 48, GH: 6, GW: 8, N: 20 }
      for (const [name, { shape, dtype }] of entries) {
        const { row, pass } = findStage(name)!
        const ofPass = pass === 'prefix' ? { S: 50, K: 50 } : { S: 35, K: 85 }
        const [height, width] = entries.get('image.rgb')!.shape
        const expected = row.shape.split(' ').map((dim) => dimension(dim, { ...model, ...ofPass, height, width }))
        expect([name, dtype, shape]).toEqual([name, row.dtype, expected])
      }
    },
  )
})

describe('names', () => {
  test('of a file are put in order by themselves, however large their numbers, and what is no stage is left out', () => {
    const all = stageNames({ L: 12, passes: [...passes, 'step.2', 'step.10'] })
    expect(inDataOrder([...all].reverse())).toEqual(all)
    expect(
      inDataOrder(['text.layers.999999999.q', 'vision_features', 'text.layers.2.q', 'grid', 'x', 'text.x']),
    ).toEqual([...['grid', 'vision_features', 'text.layers.2.q', 'text.layers.999999999.q']])
    expect(findStage('prefix.layers.1000000000.q')).toBeNull()
    expect(findStage('step.1000000000.embed')).toBeNull()
  })

  test('are listed in the order of the data', () => {
    const order = ['patches', 'prefix.embed', 'prefix.layers.0.out', 'prefix.layers.1.q', 'prefix.logits']
    const at = [...order, 'vision_features', 'text.embed', 'text.layers.1.out', 'step_logits'].map((n) =>
      names.indexOf(n),
    )
    expect(at).toEqual([...at].sort((a, b) => a - b))
    expect(at).not.toContain(-1)
  })

  test('lead back to row, pass and layer', () => {
    expect(findStage('text.layers.3.q_rope')).toMatchObject({
      row: { name: 'layers.i.q_rope' },
      pass: 'text',
      layer: 3,
    })
    expect(findStage('step.12.logits')).toMatchObject({ row: { name: 'logits' }, pass: 'step.12', layer: null })
    expect(findStage('mask')).toMatchObject({ row: { shape: 'T T' }, pass: null })
    expect(findStage('prefix.mask')).toMatchObject({ row: { shape: 'S K' }, pass: 'prefix' })
  })

  test.each([
    'text',
    'text.',
    'text.layers.0',
    'text.layers.x.q',
    'text.layers.00.q',
    'text.layers.0.embed',
    'layers.0.q',
  ])('%s is no stage', (name) => expect(findStage(name)).toBeNull())

  test('name the inputs of a stage, what the cache brings included', () => {
    const inputs = (name: string) => stageInputs(findStage(name)!, { L: 2, passes })
    expect(inputs('text.layers.0.attn_norm')).toEqual(['text.embed'])
    expect(inputs('text.layers.1.attn_norm')).toEqual(['text.layers.0.out'])
    expect(inputs('prefix.layers.1.attn_weights')).toEqual(['prefix.layers.1.q_rope', 'prefix.layers.1.k_rope'])
    expect(inputs('text.layers.1.attn_heads')).toEqual([
      'text.layers.1.attn_weights',
      'text.layers.1.v',
      'prefix.layers.1.v',
    ])
    expect(inputs('text.final_norm')).toEqual(['text.layers.1.out'])
    expect(inputs('text.embed')).toEqual(['input_ids', 'vision_patch_indices', 'patches'])
  })
})

describe('patterns', () => {
  test.each([
    ['text.layers.1.q', 'text.layers.1.q', true],
    ['text.layers.1.q', 'text.layers.*.q', true],
    ['text.layers.1.q_rope', 'text.layers.*.q', false],
    ['text.layers.1.q_rope', 'text.layers.*.q*', true],
    ['text.layers.1.q_rope', '*.q_rope', false],
    ['text.layers.1.q_rope', '**.q_rope', true],
    ['text.layers.1.q_rope', '**', true],
    ['logits', '**.logits', true],
    ['text.logits', 'text.**', true],
    ['text.layers.1.q', 'text.**.layers.**.q', true],
    ['text.layers.1.q', 'text.*', false],
    ['text.layers.1.q', 'text.layers.1.q.*', false],
    ['text.layers.1.q', '', false],
    ['prefix.layers.0.attn_out', 'prefix.layers.0.a*n_*t', true],
  ])('%s against %s: %s', (name, pattern, expected) => expect(matchesGlob(name, pattern)).toBe(expected))

  test('a pattern full of stars ends at once', () => {
    expect(matchesGlob('a'.repeat(2000), `${'*a'.repeat(500)}b`)).toBe(false)
    expect(matchesGlob('a.'.repeat(500), `${'**.a.'.repeat(200)}b`)).toBe(false)
  })

  test('choose names in the order of the data and report patterns that match nothing', () => {
    const { names: chosen, unmatched } = selectStages(names, ['**.logits', 'prefix.embed', 'nothing.**'])
    expect(chosen).toEqual(['prefix.embed', 'prefix.logits', 'text.logits'])
    expect(unmatched).toEqual(['nothing.**'])
  })
})
