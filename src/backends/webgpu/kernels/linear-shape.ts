// What both kernels of a linear layer know of their matrix. Its sizes come in a small buffer of their own, so that one
// compiled kernel serves all matrices of a format: a driver takes longer to compile a tile than to multiply by it.
import type { PackedFormat } from '../../../weights/formats/packed.ts'
import type { Float } from './kernel.ts'

export interface LinearVariant {
  readonly format: PackedFormat
  /** Whether rows of x are whole vectors: inner is a multiple of 4. */
  readonly whole: boolean
  readonly bias: boolean
  /** How x and y are stored; f32 unless said. */
  readonly x?: Float
  readonly y?: Float
}

/** inner; columns of this part of the matrix, the first of them, and those of the whole: the words of the buffer `shape`. */
export type LinearShape = readonly [inner: number, cols: number, first: number, allCols: number]

/** The buffers of a linear kernel in their order. */
export function linearBuffers({ whole, bias, x = 'f32', y = 'f32' }: LinearVariant): Record<string, string> {
  return { shape: 'u32', x: whole ? `vec4<${x}>` : x, w: 'vec4<u32>', ...(bias && { bias: 'f32' }), y }
}

export const readShape = 'let inner = shape[0]; let cols = shape[1]; let first_col = shape[2]; let all_cols = shape[3];'
