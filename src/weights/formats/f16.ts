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
