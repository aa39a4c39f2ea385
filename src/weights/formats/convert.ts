// The float dtypes of checkpoints, and the way from their bytes to f32: exact for F32, BF16 and F16, to nearest for
// F64. Bytes are little-endian, as in every file read here and on every machine that runs a JavaScript engine today.
import { SailError } from '../../errors.ts'
import { bf16ToF32 } from './bf16.ts'
import { f16ToF32 } from './f16.ts'

export type FloatDtype = 'F64' | 'F32' | 'F16' | 'BF16'

const bytes: Readonly<Record<FloatDtype, number>> = { F64: 8, F32: 4, F16: 2, BF16: 2 }

export function isFloatDtype(dtype: string): dtype is FloatDtype {
  return Object.hasOwn(bytes, dtype)
}

export function bytesOf(dtype: FloatDtype): number {
  return bytes[dtype]
}

/** f32 values of raw bytes. F32 bytes that are aligned are viewed, not copied. @throws SailError E_FORMAT_LENGTH */
export function toF32(data: Uint8Array, dtype: FloatDtype): Float32Array {
  if (data.byteLength % bytes[dtype] !== 0) {
    const expected = `whole elements of ${bytes[dtype]} bytes`
    throw new SailError('E_FORMAT_LENGTH', { place: `toF32, ${dtype}`, expected, found: `${data.byteLength} bytes` })
  }
  switch (dtype) {
    case 'F64':
      return Float32Array.from(viewAs(Float64Array, data))
    case 'F32':
      return viewAs(Float32Array, data)
    case 'F16':
      return f16ToF32(viewAs(Uint16Array, data))
    case 'BF16':
      return bf16ToF32(viewAs(Uint16Array, data))
    default:
      return dtype satisfies never
  }
}

interface ArrayType<A> {
  readonly BYTES_PER_ELEMENT: number
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): A
}

/** The bytes as a typed array, copied only where they do not begin at a multiple of the element size. */
export function viewAs<A>(type: ArrayType<A>, data: Uint8Array): A {
  const aligned = data.byteOffset % type.BYTES_PER_ELEMENT === 0 ? data : data.slice()
  return new type(aligned.buffer, aligned.byteOffset, data.byteLength / type.BYTES_PER_ELEMENT)
}
