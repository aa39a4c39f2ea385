import { describe, expect, test } from 'vitest'
import { SailError } from '../../src/errors.ts'
import { GraphBuilder } from '../../src/graph/builder.ts'

const sizes = { D: 8, H: 2, G: 1, E: 4, L: 1 }
const weight = (...shape: number[]) => ({ name: 'w', shape })
const linear = (...shape: number[]) => ({ weight: weight(...shape), bias: null })
const start = () => {
  const g = new GraphBuilder(sizes)
  return { g, x: g.gather(weight(10, 8)) }
}

/** The error that a wrong build throws. */
function fault(build: () => unknown): SailError {
  try {
    build()
  } catch (error) {
    if (error instanceof SailError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('shape rules', () => {
  test('a mismatch shows letters, the size that was needed and the one that was found', () => {
    const { g, x } = start()
    const error = fault(() => g.swiglu(g.linear(x, linear(14, 8)), g.linear(x, linear(13, 8))))
    expect(error.code).toBe('E_GRAPH_SHAPE')
    expect(error.message).toMatch('swiglu, up: expected (S, F) = (S, 14), found (S, 13)')
  })

  test('gather needs a table of D columns', () => {
    expect(fault(() => new GraphBuilder(sizes).gather(weight(10, 7))).code).toBe('E_GRAPH_SHAPE')
  })

  test('linear needs a weight with as many columns as its input, and a bias with as many as its rows', () => {
    const { g, x } = start()
    expect(fault(() => g.linear(x, linear(3, 7))).place).toBe('w')
    expect(fault(() => g.linear(x, { weight: weight(3, 8), bias: weight(4) })).expected).toBe('(cols) = (3)')
    expect(g.linear(x, { weight: weight(3, 8), bias: weight(3) }).shape).toEqual(['S', 3])
  })

  test('rmsNorm needs one weight a column', () => {
    const { g, x } = start()
    expect(fault(() => g.rmsNorm(x, weight(9), 1e-5)).code).toBe('E_GRAPH_SHAPE')
  })

  test('scatterAdd needs rows of patches as wide as its input', () => {
    const { g, x } = start()
    const patches = g.input('patches', ['P', 12])
    expect(fault(() => g.scatterAdd(x, patches)).expected).toBe('(P, D) = (P, 8)')
    expect(g.scatterAdd(x, g.linear(patches, linear(8, 12))).shape).toEqual(['S', 8])
  })

  test('rotary needs sections that add up to half a head', () => {
    const { g } = start()
    expect(fault(() => g.rotary('cos', 1e4, [0, 1, 2])).expected).toBe('(E/2) = (2)')
  })

  test('rope needs heads * E columns and tables of E', () => {
    const { g, x } = start()
    const cos = g.rotary('cos', 1e4, [0, 1, 1])
    expect(fault(() => g.rope(x, cos, cos, 3)).code).toBe('E_GRAPH_SHAPE')
    expect(fault(() => g.rope(x, x, cos, 2)).place).toBe('cos')
    expect(g.rope(x, cos, cos, 2).shape).toEqual([2, 'S', 4])
  })

  test('the cache takes k head first and v token first, inside a layer only', () => {
    const { g, x } = start()
    const cos = g.rotary('cos', 1e4, [0, 1, 1])
    const v = g.linear(x, linear(4, 8))
    const k = g.rope(v, cos, cos, 1)
    expect(fault(() => g.cache('k', k)).code).toBe('E_GRAPH_LAYER')
    g.layer(0, () => {
      expect(fault(() => g.cache('k', v)).place).toBe('k_rope')
      expect(fault(() => g.cache('v', k)).place).toBe('v')
      expect(g.cache('k', k).shape).toEqual([1, 'K', 4])
      expect(g.cache('v', v).shape).toEqual(['K', 4])
    })
  })

  test('attention needs heads that divide among the key heads', () => {
    const g = new GraphBuilder({ D: 12, H: 3, G: 2, E: 4, L: 1 })
    const q = g.input('q_rope', [3, 'S', 4])
    expect(fault(() => g.attnWeights(q, g.input('keys', [2, 'K', 4]))).place).toMatch('H mod G')
  })

  test('add needs two values of one shape', () => {
    const { g, x } = start()
    expect(fault(() => g.add(x, g.lastRow(x))).expected).toBe('(S, D) = (S, 8)')
  })
})

test('a stage inside a layer carries the name of the layer, and its op the index', () => {
  const { g, x } = start()
  g.layer(3, () => g.stage('out', g.add(x, x)))
  const graph = g.build()
  expect([...graph.stages.keys()]).toEqual(['layers.3.out'])
  expect(graph.ops.map(({ kind, layer }) => [kind, layer])).toEqual([
    ['gather', null],
    ['add', 3],
  ])
})

test('a stage name is used once', () => {
  const { g, x } = start()
  g.stage('embed', x)
  expect(fault(() => g.stage('embed', x)).code).toBe('E_GRAPH_STAGE_TWICE')
})
