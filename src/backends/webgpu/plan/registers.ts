// Deals out registers: a value takes the first free one, and gives it back when the last op that reads it has been planned.
// Values that the host writes before the pass keep theirs: they must not be overwritten before they are used.
import { type Dim, type Graph, inputsOf, type Value } from '../../../graph/graph.ts'
import type { Float } from '../kernels/kernel.ts'
import type { Held, Source } from './plan.ts'

export class Registers {
  readonly held: Held[][] = []
  readonly #half: ReadonlySet<number>
  readonly #free: number[] = []
  readonly #sources = new Map<number, Source>()
  readonly #lastUse = new Map<number, number>()

  /** @param half ids of values that are stored in f16 */
  constructor({ ops }: Graph, half: ReadonlySet<number>) {
    this.#half = half
    for (const [i, op] of ops.entries()) for (const { id } of [op.out, ...inputsOf(op)]) this.#lastUse.set(id, i)
  }

  /** A register for as long as the plan lasts. */
  pinned(shape: readonly Dim[], type: Float = 'f32'): number {
    return this.held.push([{ shape, type }]) - 1
  }

  typeOf({ id }: Value): Float {
    return this.#half.has(id) ? 'f16' : 'f32'
  }

  take(value: Value): Source {
    const register = this.#free.pop() ?? this.held.push([]) - 1
    this.held[register].push({ shape: value.shape, type: this.typeOf(value) })
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
