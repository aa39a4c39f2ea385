// Which instructions of a program one message asks for.
import type { Frame } from '../plan/program.ts'

/** Of groups [from, to) of a program the blocks that begin at rows [from, to). */
export interface Part {
  readonly groups: readonly [number, number]
  readonly rows: readonly [number, number]
}

/** Groups [from, to) whole. */
export const wholeGroups = (groups: Part['groups']): Part => ({ groups, rows: [0, Number.MAX_SAFE_INTEGER] })

/** Groups [from, to) for a team that hears of an abort between parts only: one by one, a block of rows at a time. */
export function* partsOf([from, to]: Part['groups'], { S, P, block }: Frame): Generator<Part> {
  for (let group = from; group < to; group++)
    for (let row = 0; row < Math.max(S, P); row += block) yield { groups: [group, group + 1], rows: [row, row + block] }
}
