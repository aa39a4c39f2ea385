// Values to registers: two values share one when the first is done before the second is written and both have the same
// shape. Values that live inside a group end at their last instruction; all others at the end of the group in which they
// are last used, because a blocked group runs its instructions many times. One kind ends earlier: a value whose rows are
// read before those of another are written, block by block, hands its register over (a layer's input to its out).
import type { DraftValue, Lowered } from './draft.ts'
import { type DraftGroup, localValues } from './groups.ts'
import type { ProgramValue, Register } from './program.ts'
import { RegisterPool } from './register-pool.ts'

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
  const pool = new RegisterPool(values, local)

  for (const { value } of inputs) pool.take(value)
  const lastGroup = new Map<number, DraftGroup>()
  for (const group of groups)
    for (const { reads, writes, outputs } of group.drafts)
      for (const value of [...reads, ...writes, ...outputs.map((output) => output.value)])
        lastGroup.set(base(value), group)

  for (const group of groups) {
    const ending = endings(group, base)
    const done = [...ending.keys()].filter((value) => !local.has(value) && lastGroup.get(value) === group)
    const passedOn = done.filter((value) => group.blocked && values[value].dims[0] === group.rows)
    for (const [d, { reads, writes }] of group.drafts.entries()) {
      for (const value of writes) {
        const old = passedOn.find((other) => ending.get(other)! < d && pool.fits(other, base(value)))
        if (old === undefined) pool.take(base(value))
        else pool.handOver(old, base(value))
      }
      for (const value of [...reads, ...writes]) if (local.has(value) && ending.get(value) === d) pool.give(value)
    }
    for (const value of done) pool.give(value)
  }
  return { values: values.map((_, value) => place(value, values, pool, local)), registers: pool.registers }
}

/** The last instruction of a group that touches each value; past the last one for what is handed out behind it. */
function endings({ drafts }: DraftGroup, base: (value: number) => number): Map<number, number> {
  const last = new Map<number, number>()
  for (const [d, { reads, writes }] of drafts.entries())
    for (const value of [...reads, ...writes]) last.set(base(value), d)
  for (const { outputs } of drafts) for (const { value } of outputs) last.set(base(value), drafts.length)
  return last
}

function place(
  value: number,
  values: readonly DraftValue[],
  pool: RegisterPool,
  local: ReadonlySet<number>,
): ProgramValue {
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
