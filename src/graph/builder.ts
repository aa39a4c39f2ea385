// Builds a graph op by op and checks every shape on the way, so a checkpoint that does not fit fails before any memory
// is taken. One method an op kind; what each op computes stands in graph.ts. `layer(i, ..)` sets the layer of the ops
// inside and puts 'layers.i.' before the names of their stages.
import { SailError } from '../errors.ts'
import { expectShape } from './expect-shape.ts'
import type { Dim, Graph, GraphSizes, Op, Value, Weight } from './graph.ts'

/** The `count` likeliest ids of those under `below`. */
export interface Top {
  readonly count: number
  readonly below: number
}

/** Kernels find the largest one by one: many are better chosen from all scores. */
export const MOST_TOP = 256

/** Ids up to here are exact as f32. */
const MOST_IDS = 2 ** 24

/** An op as its method writes it; the builder adds `out` and `layer`. */
type Draft<K = Op> = K extends Op ? Omit<K, 'out' | 'layer'> : never

export class GraphBuilder {
  readonly sizes: GraphSizes
  readonly #ops: Op[] = []
  readonly #inputs = new Map<string, Value>()
  readonly #stages = new Map<string, Value>()
  #values = 0
  #layer: number | null = null

  constructor(sizes: GraphSizes) {
    this.sizes = sizes
  }

  /** A value that every run of the graph is given. */
  input(name: string, shape: readonly Dim[]): Value {
    const value = this.#value(shape)
    this.#inputs.set(this.#name(name), value)
    return this.stage(name, value)
  }

  /** Names a value and hands it back. @throws SailError E_GRAPH_STAGE_TWICE when the name is taken. */
  stage(name: string, value: Value): Value {
    const full = this.#name(name)
    if (this.#stages.has(full))
      throw new SailError('E_GRAPH_STAGE_TWICE', { file: 'stage', place: full, expected: 'a name used once' })
    this.#stages.set(full, value)
    return value
  }

  /** Builds layer i: its ops carry the index, its stages the prefix 'layers.i.'. */
  layer<T>(i: number, body: () => T): T {
    const outer = this.#layer
    this.#layer = i
    try {
      return body()
    } finally {
      this.#layer = outer
    }
  }

  gather(table: Weight): Value {
    expectShape('gather', table.name, table.shape, 'V D', [table.shape[0] ?? 0, this.sizes.D])
    return this.#op({ kind: 'gather', table }, ['S', this.sizes.D])
  }

  linear(input: Value, { weight, bias }: { readonly weight: Weight; readonly bias: Weight | null }): Value {
    const [rows, inner] = matrix('linear', 'input', input)
    const cols = weight.shape[0] ?? 0
    expectShape('linear', weight.name, weight.shape, 'cols inner', [cols, inner])
    if (bias !== null) expectShape('linear', bias.name, bias.shape, 'cols', [cols])
    return this.#op({ kind: 'linear', input, weight, bias }, [rows, cols])
  }

  scatterAdd(input: Value, rows: Value): Value {
    const [S, D] = matrix('scatterAdd', 'input', input)
    expectShape('scatterAdd', 'rows', rows.shape, 'P D', ['P', D])
    return this.#op({ kind: 'scatterAdd', input, rows }, [S, D])
  }

  rmsNorm(input: Value, weight: Weight, eps: number): Value {
    const [S, D] = matrix('rmsNorm', 'input', input)
    expectShape('rmsNorm', weight.name, weight.shape, 'D', [D])
    return this.#op({ kind: 'rmsNorm', input, weight, eps }, [S, D])
  }

  rotary(part: 'cos' | 'sin', theta: number, sections: readonly [number, number, number]): Value {
    const { E } = this.sizes
    expectShape('rotary', 'sum of the sections', [sections[0] + sections[1] + sections[2]], 'E/2', [E / 2])
    return this.#op({ kind: 'rotary', part, theta, sections }, ['S', E])
  }

  rope(input: Value, cos: Value, sin: Value, heads: number): Value {
    const { E } = this.sizes
    expectShape('rope', 'input', input.shape, 'S heads*E', ['S', heads * E])
    expectShape('rope', 'cos', cos.shape, 'S E', ['S', E])
    expectShape('rope', 'sin', sin.shape, 'S E', ['S', E])
    return this.#op({ kind: 'rope', input, cos, sin, heads }, [heads, 'S', E])
  }

  cache(part: 'k' | 'v', input: Value): Value {
    const { G, E } = this.sizes
    if (this.#layer === null)
      throw new SailError('E_GRAPH_LAYER', { file: 'cache', expected: 'a call inside layer(i, ..)' })
    if (part === 'k') expectShape('cache', 'k_rope', input.shape, 'G S E', [G, 'S', E])
    else expectShape('cache', 'v', input.shape, 'S G*E', ['S', G * E])
    return this.#op({ kind: 'cache', part, input }, part === 'k' ? [G, 'K', E] : ['K', G * E])
  }

  attnWeights(q: Value, keys: Value): Value {
    const { H, G, E } = this.sizes
    expectShape('attnWeights', 'q', q.shape, 'H S E', [H, 'S', E])
    expectShape('attnWeights', 'keys', keys.shape, 'G K E', [G, 'K', E])
    expectShape('attnWeights', 'query heads a key head (H mod G)', [H % G], 'whole', [0])
    return this.#op({ kind: 'attnWeights', q, keys }, [H, 'S', 'K'])
  }

  attnMix(weights: Value, values: Value): Value {
    const { H, G, E } = this.sizes
    expectShape('attnMix', 'weights', weights.shape, 'H S K', [H, 'S', 'K'])
    expectShape('attnMix', 'values', values.shape, 'K G*E', ['K', G * E])
    return this.#op({ kind: 'attnMix', weights, values }, ['S', H * E])
  }

  swiglu(gate: Value, up: Value): Value {
    const [S, F] = matrix('swiglu', 'gate', gate)
    expectShape('swiglu', 'up', up.shape, 'S F', [S, F])
    return this.#op({ kind: 'swiglu', gate, up }, [S, F])
  }

  add(a: Value, b: Value): Value {
    const [S, D] = matrix('add', 'a', a)
    expectShape('add', 'b', b.shape, 'S D', [S, D])
    return this.#op({ kind: 'add', a, b }, [S, D])
  }

  lastRow(input: Value): Value {
    const [, D] = matrix('lastRow', 'input', input)
    return this.#op({ kind: 'lastRow', input }, [1, D])
  }

  topK(input: Value, { count, below }: Top): Value {
    const [, V] = matrix('topK', 'input', input)
    expectShape('topK', 'input', input.shape, '1 V', [1, V])
    const sizes = [1, count, below, Number(V), MOST_IDS]
    const rising = sizes.every((size, i) => Number.isInteger(size) && size >= (sizes[i - 1] ?? 1))
    if (!rising || count > MOST_TOP)
      throw new SailError('E_GRAPH_TOP_K', {
        file: 'topK',
        expected: `1 <= count <= below <= V <= ${MOST_IDS}, count <= ${MOST_TOP}`,
        found: `count ${count}, below ${below}, V ${V}`,
      })
    return this.#op({ kind: 'topK', input, count, below }, [2, count])
  }

  /** The finished graph; it hands nothing back yet: `cutGraph` chooses the outputs. */
  build(): Graph {
    const { sizes } = this
    return { ops: [...this.#ops], inputs: new Map(this.#inputs), stages: new Map(this.#stages), outputs: [], sizes }
  }

  #op(draft: Draft, shape: readonly Dim[]): Value {
    const out = this.#value(shape)
    this.#ops.push({ ...draft, out, layer: this.#layer })
    return out
  }

  #value(shape: readonly Dim[]): Value {
    return { id: this.#values++, shape }
  }

  #name(name: string): string {
    return this.#layer === null ? name : `layers.${this.#layer}.${name}`
  }
}

function matrix(op: string, name: string, { shape }: Value): readonly [Dim, Dim] {
  const [rows = 0, cols = 0] = shape
  expectShape(op, name, shape, 'rows cols', [rows, cols])
  return [rows, cols]
}
