// How eight f16 lie in a vector of a cache page: word j holds lane j below and lane j + 4 above, so that two shifts and a
// mask make f32 of either. What comes out is the value times 2^-112, its exponent 112 too small: whoever multiplies by it
// has multiplied the other factor by LIFT = 2^112 before, which changes no bit of the product (subnormals come out right
// as well). Infinity and NaN do not: a byte behind the page's values marks the tokens that have them, and such pages are
// widened with f16.ts first. Twin: test/kernels/twins/f16.ts
import { widen4_f16 } from './f16'
import { kv_page_bytes_f16, PAGE } from './kv_page'

// 2^112; sign, exponent and fraction of an f16 moved to their f32 places.
const KV: usize = memory.data<u32>([0x77800000, 0x8fffe000], 16)

/** Four times 2^112. */
export function lift4(): v128 {
  return v128.load32_splat(KV)
}

export function kept4(): v128 {
  return v128.load32_splat(KV, 4)
}

/** Lanes 0 to 3 of eight f16, times 2^-112. */
export function sunk_low(eight: v128, kept: v128): v128 {
  return v128.and(i32x4.shr_s(i32x4.shl(eight, 16), 3), kept)
}

/** Lanes 4 to 7. */
export function sunk_high(eight: v128, kept: v128): v128 {
  return v128.and(i32x4.shr_s(eight, 3), kept)
}

/** Eight f16 to eight f32, whatever they are. */
export function widen_eight(to: usize, from: usize): void {
  const eight = v128.load(from)
  v128.store(to, widen4_f16(v128.and(eight, i32x4.splat(0xffff))))
  v128.store(to, widen4_f16(i32x4.shr_u(eight, 16)), 16)
}

/** Bytes from the first of eight f16 to lane l. */
export function place_of_lane(l: i32): usize {
  return <usize>(((l & 3) << 2) | ((l >> 2) << 1))
}

/** Where token t's mark stands, of its K (part 0) or V (part 1). */
export function mark_of(page: usize, part: i32, t: i32, G: i32, E: i32): usize {
  return page + <usize>(kv_page_bytes_f16(G, E) + (part - 2) * PAGE + (t % PAGE))
}

/** Whether one of n marks is set, of tokens from a multiple of 8 on. */
export function any_mark(marks: usize, n: i32): bool {
  let some: u64 = 0
  let i: i32 = 0
  for (; i + 8 <= n; i += 8) some |= load<u64>(marks + <usize>i)
  for (; i < n; i++) some |= <u64>load<u8>(marks + <usize>i)
  return some !== 0
}
