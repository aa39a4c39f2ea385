// pack_f32: one panel from up to 8 checkpoint rows (`inner` values each, one after the other at src) in any float dtype:
//   i=0 | c0 .. c7 |  i=1 | c0 .. c7 | ..     missing rows are zero columns
// Returns 1 when a value is NaN or Infinity (after rounding to f32), else 0; the panel is written all the same.
// Twin: src/weights/formats/packed.ts
import { read_source, source_shift } from './read_source'

export function panel_bytes_f32(inner: i32): i32 {
  return inner << 5
}

export function pack_f32(dst: usize, src: usize, dtype: i32, inner: i32, rows: i32): i32 {
  const row = (<usize>inner) << source_shift(dtype)
  if (rows < 8) memory.fill(dst, 0, (<usize>inner) << 5)
  let bad: f32 = 0
  for (let c = 0; c < rows; c++, src += row) {
    let at = dst + ((<usize>c) << 2)
    for (let i = 0; i < inner; i++, at += 32) {
      const value = read_source(src, dtype, i)
      bad += value - value
      store<f32>(at, value)
    }
  }
  return <i32>(bad !== 0)
}
