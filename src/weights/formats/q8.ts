// q8: 32 values as whole numbers -127 .. 127 times one scale. scale = largest |w| / 127 rounded to bf16; q = w / scale to
// nearest, ties to even. Rounding the scale first and then dividing by what is stored costs nothing: q makes up for it.
// All steps in f32, as in assembly/pack_q8.ts: equal bits.
import { f32ToBf16Bits } from './bf16.ts'

const { fround, abs, min, max } = Math

/** A group as it is stored. */
export interface Quantized {
  readonly q: Int8Array
  /** The scale as bf16 bits. */
  readonly scaleBits: number
}

/** q and scale of a group of 32 values; NaN in it makes the scale NaN. */
export function quantizeQ8(group: Float32Array): Quantized {
  const scaleBits = f32ToBf16Bits(fround(group.reduce((top, w) => max(top, abs(w)), 0) / 127))
  const scale = bf16Value(scaleBits)
  const divisor = scale > 0 ? scale : MAX
  return { q: Int8Array.from(group, (w) => max(-127, min(127, nearest(fround(w / divisor))))), scaleBits }
}

/** The largest finite f32: divides everything to 0 where a scale is 0. */
export const MAX = fround(3.4028234663852886e38)

/** The whole number nearest to x, ties to even; NaN gives 0. */
export function nearest(x: number): number {
  if (!(abs(x) < 2 ** 31)) return Number.isNaN(x) ? 0 : Math.sign(x) * 2 ** 31
  const floor = Math.floor(x)
  const rest = x - floor
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor
}

const word = new Uint32Array(1)
const float = new Float32Array(word.buffer)

/** The value of bf16 bits. */
export function bf16Value(bits: number): number {
  word[0] = bits << 16
  return float[0]
}
