// How many bytes each register needs in a pass, and where it lies behind the others of its shard.
import type { Dim } from '../../../graph/graph.ts'
import type { Register } from './program.ts'

export interface PassSizes {
  readonly S: number
  readonly K: number
  readonly P: number
}

/** Rows that a blocked group runs at a time: the matmul's own block of rows, which it packs and keeps in the cache. */
export const BLOCK_ROWS = 240

/** Room behind each register: kernels for one row write whole panels of eight. */
const SLACK = 32

export interface Layout {
  /** Offset of each register from the start of its shard's scratch. */
  readonly offsets: readonly number[]
  /** Bytes by shard. */
  readonly bytes: readonly number[]
}

export function layRegisters(registers: readonly Register[], sizes: PassSizes, shards: number): Layout {
  const bytes = new Array<number>(shards).fill(0)
  const offsets = registers.map((register) => {
    const at = bytes[register.shard]
    bytes[register.shard] = at + Math.ceil((registerBytes(register, sizes) + SLACK) / 64) * 64
    return at
  })
  return { offsets, bytes }
}

function registerBytes({ dims, block, elementBytes }: Register, sizes: PassSizes): number {
  const size = (dim: Dim): number => (typeof dim === 'number' ? dim : sizes[dim])
  const [rows = 1, ...rest] = dims
  const count = block ? Math.min(size(rows), BLOCK_ROWS) : size(rows)
  return rest.reduce((n: number, dim) => n * size(dim), count) * elementBytes
}
