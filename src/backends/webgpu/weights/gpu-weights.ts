// The checkpoint on the device. A matrix or table that is larger than a binding lies in several buffers, cut by columns or
// rows in multiples of 8, so that each holds whole panels.
import type { PackedFormat } from '../../../weights/formats/packed.ts'

/** Columns (of a matrix) or rows (of a table) [first, first + count). */
export interface Part {
  readonly buffer: GPUBuffer
  /** Sizes of this part for the kernels of a linear layer (kernels/linear-shape.ts). */
  readonly shape: GPUBuffer
  readonly first: number
  readonly count: number
}

export interface GpuMatrix {
  readonly format: PackedFormat
  readonly inner: number
  readonly cols: number
  readonly parts: readonly Part[]
}

export interface GpuTable {
  readonly format: 'f32' | 'bf16' | 'q8'
  readonly parts: readonly Part[]
}

export interface GpuWeights {
  readonly matrices: ReadonlyMap<string, GpuMatrix>
  readonly tables: ReadonlyMap<string, GpuTable>
  readonly vectors: ReadonlyMap<string, GPUBuffer>
}

/** Cuts `count` columns or rows of `bytes` each, 8 at a time, into runs of at most `limit` bytes. */
export function cut(count: number, bytes: number, limit: number): { readonly first: number; readonly count: number }[] {
  const most = Math.max(8, Math.floor(limit / (bytes * 8)) * 8)
  const runs = Math.ceil(count / most)
  return Array.from({ length: runs }, (_, i) => ({ first: i * most, count: Math.min(most, count - i * most) }))
}
