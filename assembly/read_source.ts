// Checkpoint values as f32: dtype 0 f32, 1 bf16 (the upper half of an f32), 2 f16, 3 f64 (rounded to the nearest f32).
import { widen4_f16 } from './f16'

/** log2 of the bytes of one value. */
export function source_shift(dtype: i32): i32 {
  return dtype === 0 ? 2 : dtype === 3 ? 3 : 1
}

/** Value number i of the row at `src`. */
export function read_source(src: usize, dtype: i32, i: i32): f32 {
  const at = src + ((<usize>i) << source_shift(dtype))
  if (dtype === 0) return load<f32>(at)
  if (dtype === 1) return reinterpret<f32>((<u32>load<u16>(at)) << 16)
  if (dtype === 3) return <f32>load<f64>(at)
  return f32x4.extract_lane(widen4_f16(i32x4.splat(<i32>load<u16>(at))), 0)
}

/** Values i .. i + 3 of the row at `src`, of `inner` values; those past its end are 0. */
export function read_four(src: usize, dtype: i32, inner: i32, i: i32): v128 {
  if (i + 4 > inner) return read_last(src, dtype, inner, i)
  const at = src + ((<usize>i) << source_shift(dtype))
  if (dtype === 0) return v128.load(at)
  if (dtype === 1) return i32x4.shl(v128.load16x4_u(at), 16)
  if (dtype === 2) return widen4_f16(v128.load16x4_u(at))
  const low = f32x4.demote_f64x2_zero(v128.load(at))
  return v128.shuffle<i64>(low, f32x4.demote_f64x2_zero(v128.load(at, 16)), 0, 2)
}

function read_last(src: usize, dtype: i32, inner: i32, i: i32): v128 {
  let four = f32x4.splat(0)
  if (i < inner) four = f32x4.replace_lane(four, 0, read_source(src, dtype, i))
  if (i + 1 < inner) four = f32x4.replace_lane(four, 1, read_source(src, dtype, i + 1))
  if (i + 2 < inner) four = f32x4.replace_lane(four, 2, read_source(src, dtype, i + 2))
  return four
}
