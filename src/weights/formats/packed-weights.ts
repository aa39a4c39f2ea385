// Weights that already lie as the wasm kernels want them, as a backend sees them: parts by name, each a range of bytes to be
// put into memory as it is. src/weights/packed/ reads and writes the files they come from.
//   NAME.panels   a matrix, or a q8 table: the panels of packed.ts, in f32, bf16, q8 or q4
//   NAME.rows     a table or a vector: row by row, in f32 or bf16
import { PANEL, type PackedFormat, panelBytes } from './packed.ts'

export type PartLayout = 'panels' | 'rows'

export interface PackedPart {
  /** The tensor's name in the checkpoint. */
  readonly name: string
  readonly layout: PartLayout
  readonly format: PackedFormat
  /** The tensor's shape; a part may be padded beyond it. */
  readonly shape: readonly number[]
  /** PackedSum of its bytes. */
  readonly sum: string
}

/** Bytes in an open file of this process. */
export interface FilePlace {
  readonly descriptor: number
  readonly position: number
}

export interface PackedWeights {
  /** What the layers' matrices are in. */
  readonly weights: 'bf16' | 'q8' | 'q4'
  readonly parts: ReadonlyMap<string, PackedPart>
  /** Bytes [begin, end) of a part. @throws what the source throws; signal.reason */
  read(part: string, begin: number, end: number, signal?: AbortSignal): Promise<Uint8Array>
  /** Path or URL of the file that holds a part, for errors. */
  pathOf(part: string): string
  /** Where a part begins; null where only `read` reaches it. */
  place(part: string): FilePlace | null
}

/** Name of a part. */
export function partKey({ name, layout }: Pick<PackedPart, 'name' | 'layout'>): string {
  return `${name}.${layout}`
}

/** Bytes of a part. Rows are f32 or bf16. */
export function partBytes({ layout, format, shape }: Omit<PackedPart, 'name' | 'sum'>): number {
  if (layout === 'panels') return Math.ceil(shape[0] / PANEL) * panelBytes(format, shape[1])
  return shape.reduce((product, size) => product * size, 1) * (format === 'bf16' ? 2 : 4)
}
