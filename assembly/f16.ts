// IEEE half precision, four lanes at a time.
//   widen   exponent and fraction move to their f32 places, then times 2^112: subnormals come out right as well. An
//           exponent of all ones (Infinity, NaN) becomes 2^16 or more there and gets its ones again. Exact.
//   narrow  rounds to the nearest, ties to even: a number so large that the bits an f16 lacks lie below its last place is
//           added, and the sum's low bits are the result. From 65,520 on Infinity; NaN stays NaN (0x7e00).
// Source of narrow: fp16_ieee_from_fp32_value of Maratyszcza/FP16. Twin: test/kernels/twins/f16.ts
const F16: usize = memory.data<u32>(
  [
    0x77800000, 0x47800000, 0x7f800000, 0x80000000, 0x08800000, 0x71000000, 0x07800000, 0x7c00, 0xfff, 0x7e00, 0x7fff,
    0x8fffe000,
  ],
  16,
)

/** Four f16, in the low 16 bits of the lanes of `halves`, as f32. */
export function widen4_f16(halves: v128): v128 {
  const sign = v128.and(i32x4.shl(halves, 16), v128.load32_splat(F16, 12))
  const magnitude = f32x4.mul(i32x4.shr_u(i32x4.shl(halves, 17), 4), v128.load32_splat(F16))
  const special = v128.and(f32x4.ge(magnitude, v128.load32_splat(F16, 4)), v128.load32_splat(F16, 8))
  return v128.or(v128.or(magnitude, special), sign)
}

/** Four f32 as f16 in the low 16 bits of the lanes. */
export function narrow4_f16(x: v128): v128 {
  const sign = v128.and(i32x4.shr_u(x, 16), i32x4.shr_u(v128.load32_splat(F16, 12), 16))
  // 2^112 * 2^-110: four times the value, Infinity where f16 has no number.
  const scaled = f32x4.mul(f32x4.mul(f32x4.abs(x), v128.load32_splat(F16)), v128.load32_splat(F16, 16))
  const doubled = i32x4.shl(x, 1) // the exponent in the upper byte
  const exponent = i32x4.max_u(i32x4.shl(i32x4.shr_u(doubled, 24), 24), v128.load32_splat(F16, 20))
  const rounded = f32x4.add(i32x4.add(i32x4.shr_u(exponent, 1), v128.load32_splat(F16, 24)), scaled)
  const bits = i32x4.add(
    v128.and(i32x4.shr_u(rounded, 13), v128.load32_splat(F16, 28)),
    v128.and(rounded, v128.load32_splat(F16, 32)),
  )
  return v128.or(sign, v128.bitselect(bits, v128.load32_splat(F16, 36), f32x4.eq(x, x)))
}

/** n halves at `from` to n f32 at `to`. */
export function widen_f16(to: usize, from: usize, n: i32): void {
  let i: i32 = 0
  for (; i + 128 <= n; i += 128, from += 256, to += 512)
    if (!widen_finite(to, from)) for (let j: usize = 0; j < 256; j += 8) widen_at(to + j * 2, from + j)
  for (; i + 4 <= n; i += 4, from += 8, to += 16) widen_at(to, from)
  for (; i < n; i++, from += 2, to += 4) v128.store32_lane(to, widen4_f16(v128.load16_lane(from, i32x4.splat(0), 0)), 0)
}

function widen_at(to: usize, from: usize): void {
  v128.store(to, widen4_f16(v128.load16x4_u(from)))
}

/** 128 halves, right when all are finite, which it returns: sign, exponent and fraction move together then. */
function widen_finite(to: usize, from: usize): bool {
  const sizes = v128.load16_splat(F16, 40)
  const kept = v128.load32_splat(F16, 44)
  const power = v128.load32_splat(F16)
  let largest = i16x8.splat(0)
  for (const end = from + 256; from < end; from += 16, to += 32) {
    const halves = v128.load(from)
    largest = i16x8.max_u(largest, v128.and(halves, sizes))
    const low = i32x4.shl(i32x4.extend_low_i16x8_s(halves), 13)
    const high = i32x4.shl(i32x4.extend_high_i16x8_s(halves), 13)
    v128.store(to, f32x4.mul(v128.and(low, kept), power))
    v128.store(to, f32x4.mul(v128.and(high, kept), power), 16)
  }
  return !v128.any_true(i16x8.ge_u(largest, i16x8.splat(0x7c00)))
}

/** n f32 at `from` to n halves at `to`. */
export function narrow_f16(to: usize, from: usize, n: i32): void {
  let i: i32 = 0
  for (; i + 4 <= n; i += 4, from += 16, to += 8) {
    const halves = narrow4_f16(v128.load(from))
    v128.store64_lane(to, i8x16.shuffle(halves, halves, 0, 1, 4, 5, 8, 9, 12, 13, 0, 1, 4, 5, 8, 9, 12, 13), 0)
  }
  for (; i < n; i++, from += 4, to += 2) v128.store16_lane(to, narrow4_f16(v128.load32_zero(from)), 0)
}
