// Checkpoint values as f32: dtype 0 f32, 1 bf16 (the upper half of an f32), 2 f16, 3 f64 (rounded to the nearest f32).
import { widen4_f16 } from './f16'

/** log2 of the bytes of one value. */
export function source_shift(dtype: i32): i32 {
  return dtype == 0 ? 2 : dtype == 3 ? 3 : 1
}

/** Value number i of the row at `src`. */
export function read_source(src: usize, dtype: i32, i: i32): f32 {
  const at = src + (<usize>i << source_shift(dtype))
  if (dtype == 0) return load<f32>(at)
  if (dtype == 1) return reinterpret<f32>(<u32>load<u16>(at) << 16)
  if (dtype == 3) return <f32>load<f64>(at)
  return f32x4.extract_lane(widen4_f16(i32x4.splat(<i32>load<u16>(at))), 0)
}
