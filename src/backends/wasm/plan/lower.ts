// A graph op by op to drafts of instructions on numbered values. Here is decided what needs no memory or no work of its
// own: rope that only fills the cache writes there directly, scatterAdd and swiglu write over an input that nobody reads
// again, lastRow is a view, cos and sin are computed by the host. A value that another shard needs is copied there.
import type { Dim, Graph, Op, Value } from '../../../graph/graph.ts'
import { inputsOf } from '../../../graph/graph.ts'
import type { PlacedWeights } from './placed-weights.ts'
import type { ProgramInput, Rows, Step } from './program.ts'

/** A value before it has a register. */
export interface DraftValue {
  readonly shard: number
  readonly dims: readonly Dim[]
  readonly elementBytes: number
  /** For lastRow: the value it is a view of. */
  readonly viewOf: number | null
}

export interface Draft {
  readonly step: Step
  readonly shard: number
  /** null: not a loop over rows. */
  readonly rows: Rows | null
  readonly reads: readonly number[]
  readonly writes: readonly number[]
  /** Layer whose cache it writes or reads. */
  readonly fills: number | null
  readonly looksUp: number | null
  readonly outputs: readonly { readonly name: string; readonly value: number; readonly dims: readonly Dim[] }[]
}

export interface Lowered {
  readonly values: readonly DraftValue[]
  readonly drafts: readonly Draft[]
  readonly inputs: readonly ProgramInput[]
  /** Outputs that are inputs too. */
  readonly givenBack: Draft['outputs']
}

export interface LowerSetup {
  readonly weights: PlacedWeights
  readonly shardOfLayer: readonly number[]
  /** Whether q8 and q4 matrices meet quantised activations. */
  readonly int: boolean
  readonly quantizedRowBytes: (inner: number) => number
}

export function lower(graph: Graph, setup: LowerSetup): Lowered {
  return new Lowering(graph, setup).run()
}

class Lowering {
  readonly #graph: Graph
  readonly #setup: LowerSetup
  readonly #values: DraftValue[] = []
  readonly #drafts: Draft[] = []
  readonly #inputs: ProgramInput[] = []
  readonly #givenBack: Draft['outputs'][number][] = []
  /** Number of a graph value's copy in each shard, by 'id@shard'. */
  readonly #copies = new Map<string, number>()
  readonly #home = new Map<number, number>()
  readonly #quantized = new Map<number, number>()
  readonly #readers = new Map<number, Op[]>()
  readonly #names = new Map<number, string[]>()
  readonly #rotary = new Map<number, Extract<Op, { kind: 'rotary' }>>()
  readonly #toCache = new Set<number>()

  constructor(graph: Graph, setup: LowerSetup) {
    this.#graph = graph
    this.#setup = setup
    for (const op of graph.ops)
      for (const { id } of inputsOf(op)) this.#readers.set(id, [...(this.#readers.get(id) ?? []), op])
    for (const name of graph.outputs) {
      const { id } = graph.stages.get(name)!
      this.#names.set(id, [...(this.#names.get(id) ?? []), name])
    }
  }

  run(): Lowered {
    for (const [name, value] of this.#graph.inputs) this.#takeInput(name, value)
    for (const op of this.#graph.ops) {
      this.#lower(op)
      this.#handOut(op.out)
    }
    const [values, drafts, inputs, givenBack] = [this.#values, this.#drafts, this.#inputs, this.#givenBack]
    return { values, drafts, inputs, givenBack }
  }

  #takeInput(name: string, value: Value): void {
    const number = this.#newValue(value, this.#shardOfReader(value))
    this.#inputs.push({ kind: 'given', name, value: number, dims: value.shape })
    for (const output of this.#names.get(value.id) ?? [])
      this.#givenBack.push({ name: output, value: number, dims: value.shape })
  }

  #shardOfReader({ id }: Value): number {
    const reader = this.#readers.get(id)?.[0]
    return reader === undefined ? 0 : this.#shardOf(reader)
  }

  #shardOf(op: Op): number {
    const { weights, shardOfLayer } = this.#setup
    if (op.layer !== null) return shardOfLayer[op.layer]
    if (op.kind === 'linear') return weights.matrices.get(op.weight.name)!.shard
    if (op.kind === 'rmsNorm') return weights.vectors.get(op.weight.name)!.shard
    if (op.kind === 'lastRow') return shardOfLayer.at(-1) ?? 0
    return 0
  }

  #lower(op: Op): void {
    const shard = this.#shardOf(op)
    const { weights } = this.#setup
    switch (op.kind) {
      case 'gather': {
        const ids = this.#hostValue('ids', shard)
        const out = this.#newValue(op.out, shard)
        const step = {
          kind: 'gather',
          out,
          ids,
          table: weights.tables.get(op.table.name)!,
          D: op.table.shape[1],
        } as const
        return this.#add(step, shard, 'S', [ids], [out])
      }
      case 'linear':
        return this.#linear(op, shard)
      case 'scatterAdd': {
        const [x, rows] = [this.#in(op.input, shard), this.#in(op.rows, shard)]
        const patches = this.#hostValue('patches', shard)
        const D = op.out.shape[1] as number
        const out = this.#isLastUse(op.input) ? this.#same(op.out, x, shard) : this.#copyOf(op.out, x, shard, D)
        return this.#add({ kind: 'scatterAdd', out, rows, patches, D }, shard, 'S', [x, rows, patches], [out])
      }
      case 'rmsNorm': {
        const x = this.#in(op.input, shard)
        const out = this.#newValue(op.out, shard)
        const { at } = weights.vectors.get(op.weight.name)!
        const D = op.weight.shape[0]
        const step = { kind: 'rmsNorm', out, x, weightAt: at, D, eps: op.eps } as const
        return this.#add(step, shard, op.out.shape[0] as Rows, [x], [out])
      }
      case 'rotary':
        this.#rotary.set(op.out.id, op)
        return
      case 'rope':
        return this.#rope(op, shard)
      case 'cache':
        return this.#cache(op, shard)
      case 'attnWeights':
      case 'attention': {
        const q = this.#in(op.q, shard)
        const out = this.#newValue(op.out, shard)
        const layer = op.layer!
        return this.#add({ kind: op.kind, out, q, layer }, shard, null, [q], [out], { looksUp: layer })
      }
      case 'attnMix': {
        const w = this.#in(op.weights, shard)
        const out = this.#newValue(op.out, shard)
        const layer = op.layer!
        return this.#add({ kind: 'attnMix', out, weights: w, layer }, shard, null, [w], [out], { looksUp: layer })
      }
      case 'swiglu': {
        const [gate, up] = [this.#in(op.gate, shard), this.#in(op.up, shard)]
        const out = this.#isLastUse(op.gate) ? this.#same(op.out, gate, shard) : this.#newValue(op.out, shard)
        const F = op.out.shape[1] as number
        return this.#add({ kind: 'swiglu', out, gate, up, F }, shard, op.out.shape[0] as Rows, [gate, up], [out])
      }
      case 'add': {
        const [a, b] = [this.#in(op.a, shard), this.#in(op.b, shard)]
        const out = this.#newValue(op.out, shard)
        const D = op.out.shape[1] as number
        return this.#add({ kind: 'add', out, a, b, D }, shard, op.out.shape[0] as Rows, [a, b], [out])
      }
      case 'lastRow': {
        const x = this.#in(op.input, shard)
        this.#file(op.out, shard, { shard, dims: op.out.shape, elementBytes: 4, viewOf: x })
        return
      }
      default:
        return op satisfies never
    }
  }

  #linear(op: Extract<Op, { kind: 'linear' }>, shard: number): void {
    const { weights, int } = this.#setup
    const weight = weights.matrices.get(op.weight.name)!
    const rows = op.out.shape[0] as Rows
    const quantised = int && (weight.format === 'q8' || weight.format === 'q4')
    const floats = this.#in(op.input, shard)
    const x = quantised ? this.#quantize(floats, weight.inner, rows, shard) : floats
    const out = this.#newValue(op.out, shard)
    this.#add({ kind: 'linear', out, x, weight, int: quantised }, shard, rows, [x], [out])
    if (op.bias === null) return
    const { at } = weights.vectors.get(op.bias.name)!
    this.#add({ kind: 'addBias', out, biasAt: at, cols: weight.cols }, shard, rows, [out], [out])
  }

  /** The rows of x as small integers with scales, made once for all matrices that x meets. */
  #quantize(x: number, inner: number, rows: Rows, shard: number): number {
    const made = this.#quantized.get(x)
    if (made !== undefined) return made
    const bytes = this.#setup.quantizedRowBytes(inner)
    const out = this.#values.push({ shard, dims: [rows, bytes], elementBytes: 1, viewOf: null }) - 1
    this.#quantized.set(x, out)
    this.#add({ kind: 'quantize', out, x, inner }, shard, rows, [x], [out])
    return out
  }

  #rope(op: Extract<Op, { kind: 'rope' }>, shard: number): void {
    const readers = this.#readers.get(op.out.id) ?? []
    const direct = readers.length === 1 && readers[0].kind === 'cache' && !this.#names.has(op.out.id)
    const [x, cos, sin] = [this.#in(op.input, shard), this.#in(op.cos, shard), this.#in(op.sin, shard)]
    if (direct) {
      this.#toCache.add(op.out.id)
      const layer = readers[0].layer!
      return this.#add({ kind: 'ropeToCache', x, cos, sin, layer }, shard, 'S', [x, cos, sin], [], { fills: layer })
    }
    const out = this.#newValue(op.out, shard)
    this.#add({ kind: 'rope', out, x, cos, sin, heads: op.heads }, shard, 'S', [x, cos, sin], [out])
  }

  #cache(op: Extract<Op, { kind: 'cache' }>, shard: number): void {
    if (this.#toCache.has(op.input.id)) return
    const x = this.#in(op.input, shard)
    const layer = op.layer!
    this.#add({ kind: op.part === 'k' ? 'storeK' : 'storeV', x, layer }, shard, 'S', [x], [], { fills: layer })
  }

  #add(
    step: Step,
    shard: number,
    rows: Rows | null,
    reads: readonly number[],
    writes: readonly number[],
    { fills = null, looksUp = null }: { readonly fills?: number | null; readonly looksUp?: number | null } = {},
  ): void {
    this.#drafts.push({ step, shard, rows, reads, writes, fills, looksUp, outputs: [] })
  }

  /** Ends the last draft with the outputs that `value` is. */
  #handOut(value: Value): void {
    const names = this.#names.get(value.id)
    if (names === undefined) return
    const rotary = this.#rotary.get(value.id)
    const number = rotary === undefined ? this.#copies.get(key(value, this.#home.get(value.id)!))! : this.#in(value, 0)
    const outputs = names.map((name) => ({ name, value: number, dims: value.shape }))
    const last = this.#drafts.pop()
    if (last === undefined) this.#givenBack.push(...outputs)
    else this.#drafts.push({ ...last, outputs: [...last.outputs, ...outputs] })
  }

  /** The number of a graph value in a shard; brought there when it is elsewhere. */
  #in(value: Value, shard: number): number {
    const here = this.#copies.get(key(value, shard))
    if (here !== undefined) return here
    const rotary = this.#rotary.get(value.id)
    if (rotary !== undefined) {
      const made = this.#newValue(value, shard)
      const { part, theta, sections } = rotary
      this.#inputs.push({ kind: 'rotary', value: made, part, theta, sections })
      return made
    }
    const x = this.#copies.get(key(value, this.#home.get(value.id)!))!
    return this.#copyOf(value, x, shard, value.shape[1] as number)
  }

  #copyOf(value: Value, x: number, shard: number, width: number): number {
    const out = this.#newValue(value, shard)
    this.#add({ kind: 'copy', out, x, width }, shard, value.shape[0] as Rows, [x], [out])
    return out
  }

  /** ids or patch numbers, i32, one a token. */
  #hostValue(kind: 'ids' | 'patches', shard: number): number {
    const value = this.#values.push({ shard, dims: ['S'], elementBytes: 4, viewOf: null }) - 1
    this.#inputs.push({ kind, value })
    return value
  }

  #newValue(value: Value, shard: number): number {
    return this.#file(value, shard, { shard, dims: value.shape, elementBytes: 4, viewOf: null })
  }

  #file(value: Value, shard: number, draft: DraftValue): number {
    const number = this.#values.push(draft) - 1
    this.#copies.set(key(value, shard), number)
    if (!this.#home.has(value.id)) this.#home.set(value.id, shard)
    return number
  }

  /** `out` takes the place of a value that is read no more. */
  #same(out: Value, number: number, shard: number): number {
    this.#copies.set(key(out, shard), number)
    this.#home.set(out.id, shard)
    return number
  }

  #isLastUse({ id }: Value): boolean {
    const given = [...this.#graph.inputs.values()].some((value) => value.id === id)
    return this.#readers.get(id)?.length === 1 && !this.#names.has(id) && !given
  }
}

function key({ id }: Value, shard: number): string {
  return `${id}@${shard}`
}
