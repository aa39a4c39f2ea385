// Checkpoint values as f32: dtype 0 f32, 1 bf16 (the upper half of an f32), 2 f16, 3 f64 (rounded to the nearest f32).
// Inside loops the dtype is a type, so that each loop is compiled for one of them: f32, u16 (bf16), i16 (f16), f64.
import { widen4_f16 } from './f16'

/** log2 of the bytes of one value. */
export function source_shift(dtype: i32): i32 {
  return dtype === 0 ? 2 : dtype === 3 ? 3 : 1
}

/** Four values from `at` on. */
export function load_four<T>(at: usize): v128 {
  if (sizeof<T>() === 4) return v128.load(at)
  if (sizeof<T>() === 8) {
    const low = f32x4.demote_f64x2_zero(v128.load(at))
    return v128.shuffle<i64>(low, f32x4.demote_f64x2_zero(v128.load(at, 16)), 0, 2)
  }
  const halves = v128.load16x4_u(at)
  return isSigned<T>() ? widen4_f16(halves) : i32x4.shl(halves, 16)
}

/** Up to four values from `at` on, `left` in all; the others are 0. */
export function load_some<T>(at: usize, left: i32): v128 {
  if (left >= 4) return load_four<T>(at)
  let four = f32x4.splat(0)
  if (left > 0) four = f32x4.replace_lane(four, 0, load_one<T>(at))
  if (left > 1) four = f32x4.replace_lane(four, 1, load_one<T>(at + sizeof<T>()))
  if (left > 2) four = f32x4.replace_lane(four, 2, load_one<T>(at + 2 * sizeof<T>()))
  return four
}

/** The value at `at`. */
export function load_one<T>(at: usize): f32 {
  if (sizeof<T>() === 4) return load<f32>(at)
  if (sizeof<T>() === 8) return <f32>load<f64>(at)
  const half = <u32>load<u16>(at)
  return isSigned<T>() ? f32x4.extract_lane(widen4_f16(i32x4.splat(half)), 0) : reinterpret<f32>(half << 16)
}

/** Value number i of the row at `src`. */
export function read_source(src: usize, dtype: i32, i: i32): f32 {
  const at = src + ((<usize>i) << source_shift(dtype))
  if (dtype === 0) return load_one<f32>(at)
  if (dtype === 1) return load_one<u16>(at)
  return dtype === 2 ? load_one<i16>(at) : load_one<f64>(at)
}
