// pack_q8: one panel from up to 8 checkpoint rows (`inner` values each, one after the other at src) in any float dtype.
// Groups of 32 values along inner, 272 bytes each:
//   | s=0: c0 .. c7 | .. | s=7: c0 .. c7 | scales bf16 c0 c4 c1 c5 c2 c6 c3 c7 |       a column of a step: 4 values in bytes
// scale = (largest |w| of the group) / 127 rounded to bf16; q = w / scale to nearest, ties to even, in -127 .. 127. Values
// past inner and missing rows are 0. Returns 1 when a value is NaN or Infinity, else 0. Twin: src/weights/formats/q8.ts
import { groups_of, Q8_GROUP } from './formats'
import { bf16_bits } from './pack_bf16'
import { load_some } from './read_source'

export function panel_bytes_q8(inner: i32): i32 {
  return groups_of(inner) * <i32>Q8_GROUP
}

export function pack_q8(dst: usize, src: usize, dtype: i32, inner: i32, rows: i32): i32 {
  if (rows < 8) memory.fill(dst, 0, <usize>panel_bytes_q8(inner))
  if (dtype === 0) return pack_rows<f32>(dst, src, inner, rows)
  if (dtype === 1) return pack_rows<u16>(dst, src, inner, rows)
  return dtype === 2 ? pack_rows<i16>(dst, src, inner, rows) : pack_rows<f64>(dst, src, inner, rows)
}

function pack_rows<T>(dst: usize, src: usize, inner: i32, rows: i32): i32 {
  let bad = 0
  for (let c = 0; c < rows; c++) {
    let at = dst
    for (let i = 0; i < inner; i += 32, at += Q8_GROUP)
      bad |= pack_group<T>(at, src + <usize>i * sizeof<T>(), inner - i, c)
    src += <usize>inner * sizeof<T>()
  }
  return bad
}

function pack_group<T>(at: usize, src: usize, left: i32, c: i32): i32 {
  let most = f32x4.splat(0)
  for (let i = 0; i < 32; i += 4)
    most = f32x4.max(most, f32x4.abs(load_some<T>(src + <usize>i * sizeof<T>(), left - i)))
  const top = largest_lane(most)
  const bits = bf16_bits(top / 127)
  const scale = reinterpret<f32>(bits << 16)
  const divisor = f32x4.splat(scale > 0 ? scale : f32.MAX_VALUE)
  const limit = i32x4.splat(127)
  const least = i32x4.neg(limit)
  for (let i = 0, to = at + ((<usize>c) << 2); i < 32; i += 4, to += 32) {
    const w = load_some<T>(src + <usize>i * sizeof<T>(), left - i)
    const q = i32x4.max_s(i32x4.min_s(i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.div(w, divisor))), limit), least)
    const words = i16x8.narrow_i32x4_s(q, q)
    v128.store32_lane(to, i8x16.narrow_i16x8_s(words, words), 0)
  }
  put_scale(at + 256, c, bits)
  return <i32>!(top <= f32.MAX_VALUE)
}

/** The largest lane; NaN when one is NaN. */
export function largest_lane(most: v128): f32 {
  return max<f32>(
    max<f32>(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1)),
    max<f32>(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3)),
  )
}

/** The scales of a group stand c0 c4 c1 c5 c2 c6 c3 c7. */
export function put_scale(at: usize, c: i32, bits: u32): void {
  store<u16>(at + ((<usize>(((c & 3) << 1) + (c >> 2))) << 1), <u16>bits)
}
