// Where each weight lies once it is loaded: shard and byte offset, by name and role.
import type { PackedMatrix, PackedTable } from './program.ts'
import { inPanels, type StoredWeight } from './stored-weights.ts'

export interface PlacedWeights {
  readonly matrices: ReadonlyMap<string, PackedMatrix & { readonly shard: number }>
  readonly tables: ReadonlyMap<string, PackedTable & { readonly shard: number }>
  readonly vectors: ReadonlyMap<string, { readonly at: number; readonly shard: number }>
}

export class Placing implements PlacedWeights {
  readonly matrices = new Map<string, PackedMatrix & { readonly shard: number }>()
  readonly tables = new Map<string, PackedTable & { readonly shard: number }>()
  readonly vectors = new Map<string, { readonly at: number; readonly shard: number }>()

  put({ name, role, format, shape }: StoredWeight, shard: number, at: number): void {
    if (role === 'matrix') this.matrices.set(name, { shard, format, at, inner: shape[1], cols: shape[0] })
    else if (role === 'vector') this.vectors.set(name, { shard, at })
    else if (format !== 'q4') this.tables.set(name, { shard, format, at })
  }

  /** Lets a tied head be the table, where the very bytes are in this memory already. */
  share(weight: StoredWeight, shard: number): boolean {
    const table = this.tables.get(weight.name)
    if (weight.role !== 'matrix' || table?.shard !== shard || table.format !== weight.format) return false
    if (!inPanels({ role: 'table', format: table.format })) return false
    this.put(weight, shard, table.at)
    return true
  }
}
