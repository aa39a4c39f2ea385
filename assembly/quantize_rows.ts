// quantize_rows_*: rows [from, to) of x (rows, inner) f32 as whole numbers, for the integer matmuls: x = q * scale, a scale
// for every 32 values, q = x / scale rounded to nearest, ties to even. A row is a chain of records, the last one padded
// with zeros; each record is what the dot instruction of the build wants beside weights in groups:
//   strict   q0 q2 q1 q3 | q4 q6 q5 q7 | .. i16 | sum i32 | scale f32      72 bytes (the order: dot_bytes.ts)
//   relaxed  q0 .. q31 i8 | sum i16 i16 | scale f32                       40 bytes
// q8: |q| <= 63; relaxed stores q + 64, because one operand of its dot has 7 bits; `sum` is 0, the weights correct it.
// q4: |q| <= 127. The weight's nibble n stands for n - 8, so `sum` is -8 * (q0 + .. + q31), which the sum of products
//   starts from; relaxed in two parts, as its dot adds pairs: q0 q1 of each four values, and q2 q3 of each four.
// Both builds have the same q and scale. A group with a NaN or Infinity gets a NaN scale: every output of the row is NaN.
// A group of zeros, or all below 1e-36, has scale 0 and q = 0. Twin: test/kernels/twins/quantize.ts
import { groups_of } from './formats'
import { load_lanes } from './lanes'

const VALUES: usize = ASC_FEATURE_RELAXED_SIMD ? 32 : 64

/** Bytes of a record of 32 values. */
export const RECORD: usize = VALUES + 8

/** Bytes of one quantised row, of either kind. */
export function quantized_row_bytes(inner: i32): i32 {
  return groups_of(inner) * <i32>RECORD
}

export function quantize_rows_q8(xq: usize, x: usize, inner: i32, from: i32, to: i32): void {
  quantize(xq, x, inner, from, to, 63, false)
}

export function quantize_rows_q4(xq: usize, x: usize, inner: i32, from: i32, to: i32): void {
  quantize(xq, x, inner, from, to, 127, true)
}

function quantize(xq: usize, x: usize, inner: i32, from: i32, to: i32, largest: f32, sums: bool): void {
  const row = <usize>quantized_row_bytes(inner)
  for (let r = from; r < to; r++) {
    let at = xq + <usize>r * row
    const source = x + ((<usize>r * <usize>inner) << 2)
    for (let i = 0; i < inner; i += 32, at += RECORD)
      quantize_group(at, source + ((<usize>i) << 2), min(32, inner - i), largest, sums)
  }
}

function quantize_group(at: usize, x: usize, n: i32, largest: f32, sums: bool): void {
  let most = f32x4.splat(0)
  let i = 0
  for (; i + 4 <= n; i += 4) most = f32x4.max(most, f32x4.abs(v128.load(x + ((<usize>i) << 2))))
  let top: f32 = max(
    max<f32>(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1)),
    max<f32>(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3)),
  )
  for (; i < n; i++) top = max<f32>(top, abs<f32>(load<f32>(x + ((<usize>i) << 2))))
  // top - top is 0, or NaN when top is NaN or Infinity. Below the normal numbers a scale would round too far: 0.
  const scale: f32 = top / largest + (top - top)
  const tiny = scale < 1.1754944e-38
  store<f32>(at, tiny ? 0 : scale, VALUES + 4)
  put_values(at, x, n, tiny ? f32.MAX_VALUE : scale, sums)
}

function put_values(at: usize, x: usize, n: i32, scale: f32, sums: bool): void {
  const scales = f32x4.splat(scale)
  const offset = i32x4.splat(ASC_FEATURE_RELAXED_SIMD && !sums ? 64 : 0)
  let total = i32x4.splat(0)
  for (let i = 0; i < 32; i += 4, x += 16) {
    const four = i + 4 <= n ? v128.load(x) : i < n ? load_lanes(x, n - i) : f32x4.splat(0)
    const q = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.div(four, scales)))
    total = i32x4.add(total, q)
    put_four(at, i, i32x4.add(q, offset))
  }
  const pairs = i32x4.add(total, i32x4.shuffle(total, total, 1, 0, 3, 2))
  put_sum(at + VALUES, sums ? i32x4.extract_lane(pairs, 0) : 0, sums ? i32x4.extract_lane(pairs, 2) : 0)
}

function put_four(at: usize, i: i32, q: v128): void {
  if (!ASC_FEATURE_RELAXED_SIMD) q = i32x4.shuffle(q, q, 0, 2, 1, 3)
  const words = i16x8.narrow_i32x4_s(q, q)
  if (ASC_FEATURE_RELAXED_SIMD) v128.store32_lane(at + <usize>i, i8x16.narrow_i16x8_s(words, words), 0)
  else v128.store64_lane(at + ((<usize>i) << 1), words, 0)
}

function put_sum(at: usize, first: i32, second: i32): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    store<i16>(at, <i16>(-8 * first))
    store<i16>(at, <i16>(-8 * second), 2)
  } else {
    store<i32>(at, -8 * (first + second))
  }
}
