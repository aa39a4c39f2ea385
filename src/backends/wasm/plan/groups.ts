// Drafts to groups: neighbours that loop over the same rows in the same shard run together, a block of rows at a time. A
// group ends where rows change, behind the keys and values that a layer puts into its cache (each query needs those of all
// rows), where the shard changes, and behind an output, which is handed out at once.
import type { Dim } from '../../../graph/graph.ts'
import type { Draft, DraftValue } from './draft.ts'
import type { Rows } from './program.ts'

export interface DraftGroup {
  readonly rows: Rows
  readonly blocked: boolean
  readonly drafts: readonly Draft[]
}

export function groupDrafts(drafts: readonly Draft[]): DraftGroup[] {
  const groups: { rows: Rows; blocked: boolean; drafts: Draft[] }[] = []
  let before: Draft | null = null
  for (const draft of drafts) {
    const joins =
      before !== null &&
      before.rows !== null &&
      before.rows === draft.rows &&
      before.shard === draft.shard &&
      before.outputs.length === 0 &&
      (before.fills === null || draft.fills !== null)
    if (joins) groups.at(-1)!.drafts.push(draft)
    else groups.push({ rows: draft.rows ?? 'S', blocked: draft.rows !== null, drafts: [draft] })
    before = draft
  }
  return groups
}

/** Values that exist only inside one group, row after row: a block of rows is all that must be held of them. */
export function localValues(
  values: readonly DraftValue[],
  groups: readonly DraftGroup[],
  held: ReadonlySet<number>,
): Set<number> {
  const where = new Map<number, Set<DraftGroup>>()
  for (const group of groups)
    for (const { reads, writes } of group.drafts)
      for (const value of [...reads, ...writes]) where.set(value, (where.get(value) ?? new Set()).add(group))
  const local = new Set<number>()
  for (const [value, found] of where) {
    const [group] = found
    if (found.size === 1 && group.blocked && rowsOf(values[value]) === group.rows && !held.has(value)) local.add(value)
  }
  return local
}

/** What the rows of a value are: its first axis, or the second where heads come first. */
function rowsOf({ dims }: DraftValue): Dim | undefined {
  return headsFirst(dims) ? dims[1] : dims[0]
}

export function headsFirst([first]: readonly Dim[]): boolean {
  return typeof first === 'number' && first !== 1
}
