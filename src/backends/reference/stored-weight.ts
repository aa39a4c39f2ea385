// A tensor of the checkpoint in memory: f32, or bf16 as it came, two bytes a value, widened block by block when used
// (bf16 is the upper half of an f32, so widening is exact). A 7B checkpoint in bf16 then takes 14.5 GB, not 29.
import { bf16ToF32 } from '../../weights/formats/bf16.ts'

export interface StoredWeight {
  readonly shape: readonly number[]
  /** Float32Array: f32. Uint16Array: the bits of bf16. Row-major. */
  readonly data: Float32Array | Uint16Array
}

/** Rows [from, to) as f32, in `scratch` when they must be widened. */
export function rowsOf(
  { shape, data }: StoredWeight,
  from: number,
  to: number,
  scratch: Float32Array<ArrayBuffer>,
): Float32Array {
  const inner = shape.length === 1 ? 1 : shape[1]
  if (data instanceof Float32Array) return data.subarray(from * inner, to * inner)
  return bf16ToF32(data.subarray(from * inner, to * inner), scratch)
}

/** The whole tensor as f32: for norm weights and biases. */
export function vectorOf(weight: StoredWeight): Float32Array {
  return rowsOf(weight, 0, weight.shape[0], new Float32Array(weight.data.length))
}
