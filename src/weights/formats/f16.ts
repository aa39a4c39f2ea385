// IEEE half precision.   | sign 1 | exponent 5, bias 15 | fraction 10 |
// Every f16 is an f32, so widening is exact: the exponent is re-biased by 112 and the fraction moves up 13 places.
// Subnormals (exponent 0) are fraction * 2^-24, normal numbers in f32; exponent 31 is infinity or NaN in both.

/** f32 values of f16 bit patterns. */
export function f16ToF32(bits: Uint16Array, out = new Float32Array(bits.length)): Float32Array {
  const words = new Uint32Array(out.buffer, out.byteOffset, out.length)
  for (let i = 0; i < bits.length; i++) {
    const half = bits[i]
    const sign = (half & 0x8000) << 16
    const exponent = (half >>> 10) & 31
    const fraction = half & 0x3ff
    if (exponent === 0) out[i] = (half & 0x8000 ? -1 : 1) * fraction * 2 ** -24
    else words[i] = sign | ((exponent === 31 ? 255 : exponent + 112) << 23) | (fraction << 13)
  }
  return out
}

/** The nearest f16, ties to even, as bits; Infinity from 65520 on, NaN stays NaN. */
export function f32ToF16(values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length)
  return Uint16Array.from(words, narrow)
}

/** A normal number is re-biased, and the 13 bits that it loses carry; a subnormal one is moved down to units of 2^-24. */
function narrow(bits: number): number {
  const sign = (bits >>> 16) & 0x8000
  const size = bits & 0x7fffffff
  if (size > 0x7f800000) return sign | 0x7e00
  if (size >= 0x477ff000) return sign | 0x7c00
  if (size >= 0x38800000) return sign | ((size - 0x38000000 + 0xfff + ((size >>> 13) & 1)) >>> 13)
  const shift = 126 - (size >>> 23)
  if (shift > 24) return sign
  const fraction = (size & 0x7fffff) | 0x800000
  return sign | ((fraction + 2 ** (shift - 1) - 1 + ((fraction >>> shift) & 1)) >>> shift)
}
