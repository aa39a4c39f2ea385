// pack_bf16: one panel from up to 8 checkpoint rows (`inner` values each, one after the other at src) in any float dtype:
//   i=0 | c0 c4 c1 c5 c2 c6 c3 c7 |  i=1 | ..       16 bits each, so that a shift widens c0 .. c3 and a mask c4 .. c7
// Rounded to nearest, ties to even; bf16 sources stay bit for bit. Missing rows are zero columns.
// Returns 1 when a value is NaN or Infinity, or rounds to Infinity, else 0. Twin: src/weights/formats/packed.ts
import { read_source, source_shift } from './read_source'

export function panel_bytes_bf16(inner: i32): i32 {
  return inner << 4
}

export function pack_bf16(dst: usize, src: usize, dtype: i32, inner: i32, rows: i32): i32 {
  const row = (<usize>inner) << source_shift(dtype)
  if (rows < 8) memory.fill(dst, 0, (<usize>inner) << 4)
  let bad = 0
  for (let c = 0; c < rows; c++, src += row) {
    let at = dst + ((<usize>(((c & 3) << 1) + (c >> 2))) << 1)
    for (let i = 0; i < inner; i++, at += 16) {
      const half = bf16_bits(read_source(src, dtype, i))
      bad |= <i32>((half & 0x7f80) === 0x7f80)
      store<u16>(at, <u16>half)
    }
  }
  return bad
}

/** The bf16 bits nearest to a value, ties to even; a NaN becomes 0x7fc0. */
export function bf16_bits(value: f32): u32 {
  const word = reinterpret<u32>(value)
  if ((word & 0x7fffffff) > 0x7f800000) return 0x7fc0
  return (word + 0x7fff + ((word >> 16) & 1)) >> 16
}
