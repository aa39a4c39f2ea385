// bfloat16: the upper half of an f32.   | sign 1 | exponent 8 | fraction 7 |
// Widening is exact: the bits move up 16 places. Rounding is to nearest, ties to even, as PyTorch's conversion does:
// add 0x7fff plus the lowest kept bit, then cut. That carries into the exponent where it must (up to infinity); NaN is
// kept apart, because the carry would turn some NaNs into infinity or zero.

const float = new Float32Array(1)
const word = new Uint32Array(float.buffer)

/** f32 values of bf16 bit patterns. */
export function bf16ToF32(bits: Uint16Array, out = new Float32Array(bits.length)): Float32Array {
  const words = new Uint32Array(out.buffer, out.byteOffset, out.length)
  for (let i = 0; i < bits.length; i++) words[i] = bits[i] << 16
  return out
}

/** The bf16 bit pattern nearest to an f32; a NaN becomes the quiet NaN 0x7fc0. */
export function f32ToBf16Bits(x: number): number {
  float[0] = x
  const w = word[0]
  if (Number.isNaN(x)) return 0x7fc0
  return (w + 0x7fff + ((w >>> 16) & 1)) >>> 16
}

/** The bf16 value nearest to x; NaN stays NaN. A double is rounded to f32 first, as PyTorch computes in f32 and then casts. */
export function roundToBf16(x: number): number {
  word[0] = f32ToBf16Bits(x) << 16
  return float[0]
}

/** Rounds every element of `data` to bf16, in place. */
export function roundAllToBf16(data: Float32Array): Float32Array {
  const words = new Uint32Array(data.buffer, data.byteOffset, data.length)
  for (let i = 0; i < data.length; i++) {
    const w = words[i]
    if (!Number.isNaN(data[i])) words[i] = (w + 0x7fff + ((w >>> 16) & 1)) & 0xffff0000
  }
  return data
}
