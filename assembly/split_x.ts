// split_x: n values of x (f32) as whole numbers of 31 bits, for 16-bit dots that lose nothing of them: in groups of 32,
//   x = m * unit,  unit = a power of two with max |x| < 2^30 * unit,  m rounded to nearest,  m = h * 2^15 + l,  0 <= l < 2^15
//   a record of 144 bytes:  | s=0: h0 h2 h1 h3 l0 l2 l1 l3 i16 | s=1 | .. | s=7 | -8 * sum h | -8 * sum l i32 | unit * 2^15 | unit f32 |
// The order within a step: dot_bytes.ts; the sums undo the + 8 of q4's nibbles. A value is exact when it is at least a 64th
// of its group's largest; smaller ones are off by at most 2^-31 of that largest, a 128th of what f32 rounds off a sum with it.
// The smallest unit is 2^-126. NaN or Infinity makes the unit NaN. Values past n are zeros and not read. Twin: test/kernels/twins/matmul.ts
import { groups_of } from './formats'
import { load_lanes } from './lanes'

/** Bytes of the record of 32 values. */
export const SPLIT: usize = 144

export function split_x(to: usize, x: usize, n: i32): void {
  for (let g = groups_of(n); g > 0; g--, n -= 32, to += SPLIT, x += 128) split_group(to, x, min(32, n))
}

function split_group(to: usize, x: usize, n: i32): void {
  // The exponent of the largest; below 30 the unit would leave f32, and all ones are Infinity and NaN.
  const exponent = max<u32>(largest(x, n) >>> 23, 30)
  const shift = f32x4.splat(reinterpret<f32>((283 - exponent) << 23))
  let high = i32x4.splat(0)
  let low = i32x4.splat(0)
  for (let i = 0; i < 32; i += 4, x += 16, to += 16) {
    const four = i + 4 <= n ? v128.load(x) : i < n ? load_lanes(x, n - i) : f32x4.splat(0)
    const m = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(four, shift)))
    const h = i32x4.shr_s(m, 15)
    const l = v128.and(m, i32x4.splat(0x7fff))
    high = i32x4.add(high, h)
    low = i32x4.add(low, l)
    v128.store(to, i16x8.narrow_i32x4_s(i32x4.shuffle(h, h, 0, 2, 1, 3), i32x4.shuffle(l, l, 0, 2, 1, 3)))
  }
  store<i32>(to, -8 * sum_lanes(high))
  store<i32>(to, -8 * sum_lanes(low), 4)
  const unit: f32 = exponent === 255 ? NaN : reinterpret<f32>((exponent - 29) << 23)
  store<f32>(to, unit * 32768, 8)
  store<f32>(to, unit, 12)
}

/** The bits of the largest |x|: among numbers without sign they have the order of the values, with NaN on top. */
function largest(x: usize, n: i32): u32 {
  let most = i32x4.splat(0)
  for (let i = 0; i < n; i += 4, x += 16)
    most = i32x4.max_u(most, f32x4.abs(i + 4 <= n ? v128.load(x) : load_lanes(x, n - i)))
  const pairs = i32x4.max_u(most, i32x4.shuffle(most, most, 2, 3, 0, 1))
  return max<u32>(i32x4.extract_lane(pairs, 0), i32x4.extract_lane(pairs, 1))
}

function sum_lanes(a: v128): i32 {
  const pairs = i32x4.add(a, i32x4.shuffle(a, a, 2, 3, 0, 1))
  return i32x4.extract_lane(pairs, 0) + i32x4.extract_lane(pairs, 1)
}
