// Deals out registers: a value takes the first free one, and gives it back when the last op that reads it has been planned.
// Values that the host writes before the pass keep theirs: they must not be overwritten before they are used.
import { type Dim, type Graph, inputsOf, type Value } from '../../../graph/graph.ts'
import type { Source } from './plan.ts'

export class Registers {
  readonly shapes: (readonly Dim[])[][] = []
  readonly #free: number[] = []
  readonly #sources = new Map<number, Source>()
  readonly #lastUse = new Map<number, number>()

  constructor({ ops }: Graph) {
    for (const [i, op] of ops.entries()) for (const { id } of [op.out, ...inputsOf(op)]) this.#lastUse.set(id, i)
  }

  /** A register for as long as the plan lasts. */
  pinned(shape: readonly Dim[]): number {
    return this.shapes.push([shape]) - 1
  }

  take(value: Value): Source {
    const register = this.#free.pop() ?? this.shapes.push([]) - 1
    this.shapes[register].push(value.shape)
    return this.place(value, { kind: 'register', register })
  }

  /** Says where a value lies. */
  place({ id }: Value, source: Source): Source {
    this.#sources.set(id, source)
    return source
  }

  // Graphs are built and cut so that an op's inputs come before it.
  of({ id }: Value): Source {
    return this.#sources.get(id)!
  }

  /** Frees what op number i is the last to need. `kept` are pinned. */
  after(i: number, values: readonly Value[], kept: ReadonlySet<number>): void {
    for (const { id } of new Set(values)) {
      const source = this.#sources.get(id)
      if (source?.kind !== 'register' || this.#lastUse.get(id) !== i || kept.has(source.register)) continue
      if (!this.#free.includes(source.register)) this.#free.push(source.register)
    }
  }
}
