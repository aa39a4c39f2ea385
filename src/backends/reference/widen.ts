// Raw checkpoint bytes (little-endian, any alignment) as f32: bf16 and f16 exactly, f64 rounded to nearest.
import type { WeightDtype } from '../backend.ts'

export const BYTES: Readonly<Record<WeightDtype, number>> = { F64: 8, F32: 4, F16: 2, BF16: 2 }

export function toF32(bytes: Uint8Array, dtype: WeightDtype): Float32Array {
  const { buffer } = bytes.slice() // aligned, and ours
  if (dtype === 'F32') return new Float32Array(buffer)
  if (dtype === 'F64') return Float32Array.from(new Float64Array(buffer))
  const halves = new Uint16Array(buffer)
  if (dtype === 'F16') return Float32Array.from(halves, f16Value)
  const bits = Uint32Array.from(halves, (half) => half << 16)
  return new Float32Array(bits.buffer)
}

/** sign (1), exponent (5, bias 15), fraction (10); exponent 0: subnormal, 31: Infinity or NaN. */
function f16Value(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >>> 10) & 31
  const fraction = half & 1023
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1024 + fraction) * 2 ** (exponent - 25)
}
