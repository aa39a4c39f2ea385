// Values to registers: two values share one when the first is done before the second is written and both have the same
// shape. Values that live inside a group end at their last instruction; all others at the end of the group in which
// they are last used, because a blocked group runs its instructions many times.

import type { DraftValue, Lowered } from './draft.ts'
import { type DraftGroup, localValues } from './groups.ts'
import type { ProgramValue, Register } from './program.ts'

export interface Assigned {
  readonly values: readonly ProgramValue[]
  readonly registers: readonly Register[]
}

export function assignRegisters({ values, inputs, givenBack }: Lowered, groups: readonly DraftGroup[]): Assigned {
  const base = (value: number): number => values[value].viewOf ?? value
  const outputs = groups.flatMap(({ drafts }) => drafts.flatMap((draft) => draft.outputs))
  const viewed = values.flatMap(({ viewOf }) => (viewOf === null ? [] : [viewOf]))
  const handed = [...outputs, ...givenBack].map(({ value }) => base(value))
  const held = new Set([...inputs.map(({ value }) => value), ...handed, ...viewed])
  const local = localValues(values, groups, held)
  const pool = new Pool(values, local)

  for (const { value } of inputs) pool.take(value)
  const lastGroup = new Map<number, number>()
  for (const [i, { drafts }] of groups.entries())
    for (const draft of drafts)
      for (const value of [...draft.reads, ...draft.writes, ...draft.outputs.map((output) => output.value)])
        lastGroup.set(base(value), i)

  for (const [i, { drafts }] of groups.entries()) {
    const lastUse = new Map<number, number>()
    for (const [d, { reads, writes }] of drafts.entries())
      for (const value of [...reads, ...writes]) lastUse.set(value, d)
    for (const [d, { reads, writes }] of drafts.entries()) {
      for (const value of writes) pool.take(base(value))
      for (const value of new Set([...reads, ...writes]))
        if (local.has(value) && lastUse.get(value) === d) pool.give(value)
    }
    for (const [value, last] of lastGroup) if (last === i && !local.has(value)) pool.give(value)
  }
  return { values: values.map((_, value) => place(value, values, pool, local)), registers: pool.registers }
}

class Pool {
  readonly registers: Register[] = []
  readonly #values: readonly DraftValue[]
  readonly #local: ReadonlySet<number>
  readonly #free = new Map<string, number[]>()
  readonly #of = new Map<number, number>()

  constructor(values: readonly DraftValue[], local: ReadonlySet<number>) {
    this.#values = values
    this.#local = local
  }

  /** Register of a value; a new or free one when it has none. */
  take(value: number): number {
    const has = this.#of.get(value)
    if (has !== undefined) return has
    const free = this.#free.get(this.#kind(value))?.pop()
    const { shard, dims, elementBytes } = this.#values[value]
    const register = free ?? this.registers.push({ shard, dims, block: this.#local.has(value), elementBytes }) - 1
    this.#of.set(value, register)
    return register
  }

  give(value: number): void {
    const kind = this.#kind(value)
    this.#free.set(kind, [...(this.#free.get(kind) ?? []), this.take(value)])
  }

  #kind(value: number): string {
    const { shard, dims, elementBytes } = this.#values[value]
    return [shard, elementBytes, this.#local.has(value), ...dims].join(' ')
  }
}

function place(value: number, values: readonly DraftValue[], pool: Pool, local: ReadonlySet<number>): ProgramValue {
  const { shard, dims, elementBytes, viewOf } = values[value]
  const register = pool.take(viewOf ?? value)
  const headsFirst = typeof dims[0] === 'number' && dims[0] !== 1
  const width = dims.slice(1).reduce((n: number, dim) => n * (typeof dim === 'number' ? dim : 1), 1)
  return {
    shard,
    register,
    stride: headsFirst ? 0 : width * elementBytes,
    local: local.has(value),
    lastRow: viewOf !== null,
  }
}
