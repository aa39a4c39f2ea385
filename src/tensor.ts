// A dense, row-major tensor as it crosses module borders and stands in golden files.

/** dtype names as in safetensors headers. */
export type TensorDtype = 'F32' | 'F64' | 'U8' | 'I64'

export interface TensorOf<D extends TensorDtype, A> {
  readonly dtype: D
  readonly shape: readonly number[]
  readonly data: A
}

export type F32Tensor = TensorOf<'F32', Float32Array>
export type F64Tensor = TensorOf<'F64', Float64Array>
export type U8Tensor = TensorOf<'U8', Uint8Array>
export type I64Tensor = TensorOf<'I64', BigInt64Array>
export type Tensor = F32Tensor | F64Tensor | U8Tensor | I64Tensor

export function f32(shape: readonly number[], data: Float32Array): F32Tensor {
  return { dtype: 'F32', shape, data }
}

export function u8(shape: readonly number[], data: Uint8Array): U8Tensor {
  return { dtype: 'U8', shape, data }
}

export function i64(shape: readonly number[], values: Iterable<number>): I64Tensor {
  return { dtype: 'I64', shape, data: BigInt64Array.from(values, BigInt) }
}

/** Rows of one length as (rows, length); (0, 0) when there are none. */
export function stackRows(rows: readonly Float32Array[]): F32Tensor {
  const width = rows[0]?.length ?? 0
  const data = new Float32Array(rows.length * width)
  for (const [i, row] of rows.entries()) data.set(row, i * width)
  return f32([rows.length, width], data)
}

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((n, d) => n * d, 1)
}
