// Where each weight lies once it is loaded: shard and byte offset, by name and role.
import type { PackedMatrix, PackedTable } from './program.ts'

export interface PlacedWeights {
  readonly matrices: ReadonlyMap<string, PackedMatrix & { readonly shard: number }>
  readonly tables: ReadonlyMap<string, PackedTable & { readonly shard: number }>
  readonly vectors: ReadonlyMap<string, { readonly at: number; readonly shard: number }>
}
