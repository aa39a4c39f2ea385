// next_top is what a twin picks from next_logits, on the reference backend and on wasm.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Engine } from '../../src/backends/backend.ts'
import { buildPass } from '../../src/model/sail.ts'
import { f32 } from '../../src/tensor.ts'
import { topK } from '../kernels/twins/choose.ts'
import { tiny } from '../model/tiny.ts'
import { tinyEngine, tinyPass } from './tiny-engine.ts'
import { wasmEngine } from './wasm/wasm-engine.ts'

const V = 33030
const large = { ...tiny, dims: { ...tiny.dims, V } }

describe.each([
  ['reference', () => tinyEngine(large)],
  ['wasm', () => wasmEngine(large)],
] as const)('%s', (_, load) => {
  let engine: Engine
  beforeAll(async () => {
    engine = await load()
  })
  afterAll(() => engine.close())

  test.each([
    { count: 1, below: V },
    { count: 51, below: V },
    { count: 7, below: 100 },
    { count: 3, below: 3 },
  ])('%j', async (top) => {
    const outputs = ['next_logits', 'next_top']
    const pass = tinyPass(engine.createCache(), large, { range: [3, 6], outputs, top })
    const results = await engine.run(pass)
    const { ids, scores } = topK(results.get('next_logits')!.data, top.below, top.count)
    expect(results.get('next_top')).toEqual(f32([2, top.count], Float32Array.of(...scores, ...ids)))
  })

  test('a given row of logits that is not finite shows in the first place', async () => {
    const row = new Float32Array(V)
    row[V - 2] = Number.NaN
    const [given, top] = [new Map([['next_logits', f32([1, V], row)]]), { count: 2, below: 10 }]
    const pass = { range: [3, 6], outputs: ['next_top'], given, top, keep: false } as const
    const found = await engine.run(tinyPass(engine.createCache(), large, pass))
    expect(found.get('next_top')!.data).toEqual(Float32Array.of(Number.NaN, 0, V - 2, 0))
  })
})

test.each([
  { count: 0, below: 7 },
  { count: 8, below: 7 },
  { count: 1.5, below: 7 },
  { count: 2, below: 8 },
  { count: 257, below: 300 },
])('%j of 7 ids is refused while the graph is built', (top) => {
  expect(() => buildPass(tiny, { patches: false, top })).toThrow(expect.objectContaining({ code: 'E_GRAPH_TOP_K' }))
})
