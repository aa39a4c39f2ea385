// check_packed: the sum of packed bytes, and whether each number in them is one. `out` (8 u32) = four lanes of
//   a = v_0 + v_1 + ..        b = a_0 + a_1 + ..        mod 2^32, over vectors v of 16 bytes, the last filled up with zeros
// Returns 1 when a value (f32, bf16) or a scale (q8, q4) is NaN or Infinity, else 0. A piece begins where a value or a
// group begins: groups are 17 vectors in q8, 9 in q4, the last of them the scales. Twin: src/weights/formats/sum.ts
import { F32, Q4, Q8 } from './formats'

const EXPONENT: usize = memory.data<u32>([0x7f800000, 0x7f807f80], 16)

export function check_packed(out: usize, at: usize, bytes: i32, format: i32): i32 {
  const period = format === Q8 ? 17 : format === Q4 ? 9 : 1
  const wide = format === F32
  const ones = v128.load32_splat(EXPONENT + (wide ? 0 : 4))
  let a = i32x4.splat(0)
  let b = a
  let bad = a
  let left = bytes
  for (; left >= period << 4; left -= period << 4) {
    for (let i = 1; i < period; i++, at += 16) {
      a = i32x4.add(a, v128.load(at))
      b = i32x4.add(b, a)
    }
    const v = v128.load(at)
    a = i32x4.add(a, v)
    b = i32x4.add(b, a)
    bad = v128.or(bad, not_finite(v, ones, wide))
    at += 16
  }
  if (left > 0) {
    memory.fill(out, 0, 16)
    memory.copy(out, at, <usize>left)
    const v = v128.load(out)
    a = i32x4.add(a, v)
    b = i32x4.add(b, a)
    bad = v128.or(bad, not_finite(v, ones, wide))
  }
  v128.store(out, a)
  v128.store(out, b, 16)
  return <i32>v128.any_true(bad)
}

/** All ones in the lanes whose exponent is all ones. */
function not_finite(v: v128, ones: v128, wide: bool): v128 {
  const exponent = v128.and(v, ones)
  return wide ? i32x4.eq(exponent, ones) : i16x8.eq(exponent, ones)
}
