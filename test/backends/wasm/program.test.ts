// How graphs become programs: what is fused, where workers wait, what is held.
import { expect, test } from 'vitest'
import { tiny } from '../../model/tiny.ts'
import { programOf } from './program-of.ts'

const kinds = (program: ReturnType<typeof programOf>, barriers = false) =>
  program.groups.map(({ instructions }) =>
    instructions.map(({ kind, barrier }) => (barriers && barrier ? `| ${kind}` : kind)).join(' '),
  )

test('a layer is keys and values of all rows, straight to the cache, then all else from queries on', () => {
  const program = programOf({ ...tiny, dims: { ...tiny.dims, L: 1 } }, { patches: false, outputs: ['final_norm'] })
  expect(kinds(program)).toEqual([
    'gather rmsNorm linear linear ropeToCache storeV',
    'rmsNorm linear rope attention linear add rmsNorm linear linear swiglu linear add rmsNorm',
  ])
  expect(program.groups.map(({ rows, blocked }) => `${rows} ${blocked}`)).toEqual(['S true', 'S true'])
})

test('for the next token the last layer has one row from its queries on, the layers before it all', () => {
  const program = programOf(tiny, { patches: false, outputs: ['next_logits'] })
  const layer = 'rmsNorm linear rope attention linear add rmsNorm linear linear swiglu linear add'
  expect(kinds(program)).toEqual([
    'gather rmsNorm linear linear ropeToCache storeV',
    `${layer} rmsNorm linear linear ropeToCache storeV`,
    `${layer} rmsNorm linear`,
  ])
  expect(program.groups.map(({ rows }) => rows)).toEqual(['S', 'S', 1])
})

test('workers wait only where they read what others wrote', () => {
  const program = programOf({ ...tiny, dims: { ...tiny.dims, L: 1 } }, { patches: false, outputs: ['final_norm'] })
  expect(kinds(program, true)).toEqual([
    'gather | rmsNorm | linear linear | ropeToCache storeV',
    'rmsNorm | linear | rope | attention | linear | add | rmsNorm | linear linear | swiglu | linear | add | rmsNorm',
  ])
})

test('a single token makes queries beside keys and values, and norms its input once', () => {
  const config = { ...tiny, dims: { ...tiny.dims, L: 1 } }
  const program = programOf(config, { patches: false, outputs: ['next_logits'], oneRow: true })
  expect(kinds(program, true)).toEqual([
    'gather | rmsNorm | linear linear linear | rope ropeToCache storeV',
    '| attention | linear | add | rmsNorm | linear linear | swiglu | linear | add | rmsNorm',
    '| linear',
  ])
})

test('quantised rows are made once for the matrices of a group that read them', () => {
  const config = { ...tiny, dims: { ...tiny.dims, L: 1 } }
  const program = programOf(config, { patches: false, outputs: ['next_logits'], format: 'q4' })
  expect(kinds(program).slice(0, 2)).toEqual([
    'gather rmsNorm quantize linear linear ropeToCache storeV',
    expect.stringMatching(/^rmsNorm quantize linear rope attention quantize linear/),
  ])
})

test('a stage that is asked for ends its group and is whole; others hold one block of rows', () => {
  const program = programOf(tiny, {
    patches: false,
    outputs: ['layers.0.gate', 'layers.0.attn_weights'],
    effects: false,
  })
  const outputs = program.groups.flatMap((group) => group.outputs)
  expect(outputs.map(({ name }) => name)).toEqual(['layers.0.attn_weights', 'layers.0.gate'])
  for (const { value } of outputs) expect(program.values[value].local).toBe(false)
  expect(program.registers.filter(({ block }) => block).length).toBeGreaterThan(2)
})

test('only the residual crosses from one memory to the next', () => {
  const program = programOf(tiny, { patches: true, outputs: ['next_logits'], shardOfLayer: [0, 1] })
  const copies = program.groups.flatMap(({ instructions }) => instructions.filter(({ kind }) => kind === 'copy'))
  expect(copies).toMatchObject([{ kind: 'copy', shard: 1, width: 12 }])
  const rotary = program.inputs.filter(({ kind }) => kind === 'rotary')
  expect(rotary.map(({ value }) => program.values[value].shard)).toEqual([0, 0, 1, 1])
})
