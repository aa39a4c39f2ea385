// The growing list of drafts, and which number a graph value has in which shard. A value is made in one shard and copied
// to another when it is first needed there; cos and sin are computed by the host for each shard that reads them.
import { type Graph, inputsOf, type Op, type Value } from '../../../graph/graph.ts'
import type { Draft, DraftValue, Lowered, Output } from './draft.ts'
import type { ProgramInput, Rows, Step } from './program.ts'

type RotaryOp = Extract<Op, { readonly kind: 'rotary' }>
type Effects = Partial<Pick<Draft, 'fills' | 'looksUp'>>

export class Tape {
  readonly #graph: Graph
  readonly #values: DraftValue[] = []
  readonly #drafts: Draft[] = []
  readonly #inputs: ProgramInput[] = []
  readonly #givenBack: Output[] = []
  /** Number of a graph value in a shard, by 'id@shard'; and the shard where it was made. */
  readonly #numbers = new Map<string, number>()
  readonly #home = new Map<number, number>()
  readonly #readers = new Map<number, Op[]>()
  readonly #names = new Map<number, string[]>()
  readonly #rotary = new Map<number, RotaryOp>()

  constructor(graph: Graph) {
    this.#graph = graph
    for (const op of graph.ops) for (const { id } of inputsOf(op)) this.#readers.set(id, [...this.#readersOf(id), op])
    for (const name of graph.outputs) {
      const { id } = graph.stages.get(name)!
      this.#names.set(id, [...(this.#names.get(id) ?? []), name])
    }
  }

  finish(): Lowered {
    const [values, drafts, inputs, givenBack] = [this.#values, this.#drafts, this.#inputs, this.#givenBack]
    return { values, drafts, inputs, givenBack }
  }

  /** A value of the graph that the run is given, in the shard of its first reader. */
  takeInput(name: string, value: Value, shardOf: (op: Op) => number): void {
    const reader = this.#readersOf(value.id)[0]
    const number = this.newValue(value, reader === undefined ? 0 : shardOf(reader))
    this.#inputs.push({ kind: 'given', name, value: number, dims: value.shape })
    this.#givenBack.push(...this.#outputsOf(value, number))
  }

  takeRotary(op: RotaryOp): void {
    this.#rotary.set(op.out.id, op)
  }

  add(step: Step, shard: number, rows: Rows | null, reads: number[], writes: number[], effects: Effects = {}): void {
    this.#drafts.push({ fills: null, looksUp: null, ...effects, step, shard, rows, reads, writes, outputs: [] })
  }

  /** Hands out what `value` is called, behind the last draft. */
  handOut(value: Value): void {
    if (!this.#names.has(value.id)) return
    const outputs = this.#outputsOf(value, this.in(value, this.shardOf(value)))
    const last = this.#drafts.pop()
    if (last === undefined) this.#givenBack.push(...outputs)
    else this.#drafts.push({ ...last, outputs: [...last.outputs, ...outputs] })
  }

  /** The number of a graph value in a shard. */
  in(value: Value, shard: number): number {
    const here = this.#numbers.get(key(value, shard))
    if (here !== undefined) return here
    const rotary = this.#rotary.get(value.id)
    const home = this.#home.get(value.id)
    if (rotary === undefined) return this.copyOf(value, this.#numbers.get(key(value, home!))!, shard)
    const { part, theta, sections } = rotary
    const number = this.newValue(value, shard)
    this.#inputs.push({ kind: 'rotary', value: number, part, theta, sections })
    return number
  }

  /** Where a value was made, 0 as long as it was not. */
  shardOf({ id }: Value): number {
    return this.#home.get(id) ?? 0
  }

  /** Whether a value has memory. */
  knows({ id }: Value): boolean {
    return this.#home.has(id)
  }

  newValue(value: Value, shard: number, viewOf: number | null = null): number {
    const number = this.temporary({ shard, dims: value.shape, elementBytes: 4, viewOf })
    return this.same(value, number, shard)
  }

  /** A value that the graph does not know. */
  temporary(draft: DraftValue): number {
    return this.#values.push(draft) - 1
  }

  /** `value` takes the place of a value that is read no more. */
  same(value: Value, number: number, shard: number): number {
    this.#numbers.set(key(value, shard), number)
    if (!this.#home.has(value.id)) this.#home.set(value.id, shard)
    return number
  }

  /** `value` (rows, width), begun as a copy of x. */
  copyOf(value: Value, x: number, shard: number): number {
    const out = this.newValue(value, shard)
    const [rows, width] = value.shape
    this.add({ kind: 'copy', out, x, width: width as number }, shard, rows as Rows, [x], [out])
    return out
  }

  /** ids or patch numbers, i32, one a token. */
  hostValue(kind: 'ids' | 'patches', shard: number): number {
    const value = this.temporary({ shard, dims: ['S'], elementBytes: 4, viewOf: null })
    this.#inputs.push({ kind, value })
    return value
  }

  /** Whether nobody but its one reader ever sees it. */
  isLastUse({ id }: Value): boolean {
    const given = [...this.#graph.inputs.values()].some((value) => value.id === id)
    return this.#readersOf(id).length === 1 && !this.#names.has(id) && !given
  }

  /** The op that alone reads a value, or null. */
  onlyReader(value: Value): Op | null {
    return this.isLastUse(value) ? this.#readersOf(value.id)[0] : null
  }

  #readersOf(id: number): Op[] {
    return this.#readers.get(id) ?? []
  }

  #outputsOf({ id, shape }: Value, value: number): Output[] {
    return (this.#names.get(id) ?? []).map((name) => ({ name, value, dims: shape }))
  }
}

function key({ id }: Value, shard: number): string {
  return `${id}@${shard}`
}
