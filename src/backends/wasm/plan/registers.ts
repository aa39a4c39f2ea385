// Values to registers. Those of a block of rows: block-registers.ts. Of those of all rows two share one when the first is
// done before the second is written and both have the same shape. They end with the group in which they are last used,
// because a blocked group runs its instructions many times. One kind ends earlier: a value whose rows are read before
// those of another are written, block by block, hands its register over (a layer's input to its out).
import { blockRegisters } from './block-registers.ts'
import type { DraftValue, Lowered } from './draft.ts'
import { type DraftGroup, headsFirst, localValues } from './groups.ts'
import type { ProgramValue, Register } from './program.ts'
import { RegisterPool } from './register-pool.ts'

export interface Assigned {
  readonly values: readonly ProgramValue[]
  readonly registers: readonly Register[]
}

export function assignRegisters({ values, inputs, givenBack }: Lowered, groups: readonly DraftGroup[]): Assigned {
  const base = (value: number): number => values[value].viewOf ?? value
  const outputs = groups.flatMap(({ drafts }) => drafts.flatMap((draft) => draft.outputs))
  const viewed = values.flatMap(({ viewOf }, view) => (viewOf === null ? [] : [viewOf, view]))
  const handed = [...outputs, ...givenBack].map(({ value }) => base(value))
  const held = new Set([...inputs.map(({ value }) => value), ...handed, ...viewed])
  const local = localValues(values, groups, held)
  const pool = new RegisterPool(values)
  const blocks = blockRegisters(
    values,
    groups.flatMap(({ drafts }) => drafts),
    local,
  )

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
    for (const [d, { writes }] of group.drafts.entries())
      for (const value of writes) {
        if (local.has(value)) continue
        const old = passedOn.find((other) => ending.get(other)! < d && pool.fits(other, base(value)))
        if (old === undefined) pool.take(base(value))
        else pool.handOver(old, base(value))
      }
    for (const value of done) pool.give(value)
  }
  const registerOf = (value: number): number => blocks.of.get(value) ?? blocks.registers.length + pool.take(base(value))
  return {
    values: values.map((value, i) => place(value, registerOf(i), local.has(i))),
    registers: [...blocks.registers, ...pool.registers],
  }
}

/** The last instruction of a group that touches each value; past the last one for what is handed out behind it. */
function endings({ drafts }: DraftGroup, base: (value: number) => number): Map<number, number> {
  const last = new Map<number, number>()
  for (const [d, { reads, writes }] of drafts.entries())
    for (const value of [...reads, ...writes]) last.set(base(value), d)
  for (const { outputs } of drafts) for (const { value } of outputs) last.set(base(value), drafts.length)
  return last
}

function place({ shard, dims, elementBytes, viewOf }: DraftValue, register: number, local: boolean): ProgramValue {
  const width = dims.slice(1).reduce((n: number, dim) => n * (typeof dim === 'number' ? dim : 1), 1)
  return { shard, register, stride: headsFirst(dims) ? 0 : width * elementBytes, local, lastRow: viewOf !== null }
}
