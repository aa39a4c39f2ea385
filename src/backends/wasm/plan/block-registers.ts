// Registers of values that live inside one group, a block of rows at a time. Two of them share a register where the last
// instruction that touches one is before the first that touches the other, of whatever width they are. The widest choose
// first: so a register is made as wide as it must be, and the narrow ones fit in between.
import type { Dim } from '../../../graph/graph.ts'
import type { Draft, DraftValue } from './draft.ts'
import { headsFirst } from './groups.ts'
import type { Register } from './program.ts'

/** Instructions from the first to the last that touches a value. */
interface Life {
  readonly value: number
  readonly from: number
  to: number
}

export interface BlockRegisters {
  readonly registers: readonly Register[]
  /** By value. */
  readonly of: ReadonlyMap<number, number>
}

export function blockRegisters(
  values: readonly DraftValue[],
  drafts: readonly Draft[],
  local: ReadonlySet<number>,
): BlockRegisters {
  const width = ({ value }: Life): number => rowOf(values[value]).bytes
  const lives = livesOf(drafts, local).sort((a, b) => width(b) - width(a) || a.from - b.from)
  const taken: { readonly register: Register; readonly lives: Life[] }[] = []
  const of = new Map<number, number>()
  for (const life of lives) {
    const { shard } = values[life.value]
    const { rows, bytes } = rowOf(values[life.value])
    const fits = ({ register, lives }: (typeof taken)[number]): boolean =>
      register.shard === shard &&
      register.dims[0] === rows &&
      lives.every(({ from, to }) => to < life.from || life.to < from)
    let at = taken.findIndex(fits)
    if (at === -1)
      at = taken.push({ register: { shard, dims: [rows, bytes], block: true, elementBytes: 1 }, lives: [] }) - 1
    taken[at].lives.push(life)
    of.set(life.value, at)
  }
  return { registers: taken.map(({ register }) => register), of }
}

function livesOf(drafts: readonly Draft[], local: ReadonlySet<number>): Life[] {
  const lives = new Map<number, Life>()
  for (const [d, { reads, writes }] of drafts.entries())
    for (const value of [...reads, ...writes]) {
      const life = lives.get(value) ?? { value, from: d, to: d }
      life.to = d
      if (local.has(value)) lives.set(value, life)
    }
  return [...lives.values()]
}

/** What the rows of a value are, and the bytes of one. */
function rowOf({ dims, elementBytes }: DraftValue): { readonly rows: Dim; readonly bytes: number } {
  const [rows, ...others] = headsFirst(dims) ? [dims[1], dims[0], ...dims.slice(2)] : dims
  return { rows, bytes: others.reduce((bytes: number, dim) => bytes * (dim as number), elementBytes) }
}
