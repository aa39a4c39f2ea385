// pack_q4: one panel from up to 8 checkpoint rows (`inner` values each, one after the other at src) in any float dtype.
// Groups of 32 values along inner, 144 bytes each, 4.5 bits a weight:
//   | s=0: 16 bytes | s=1 | .. | s=7 | scales bf16 c0 c4 c1 c5 c2 c6 c3 c7 |
//   byte (c % 4) * 4 + j of step s: value 4 * s + j of column c, in the low nibble (c < 4) or the high one, as n = q + 8
// q in -8 .. 7, w = q * scale; the scale may be negative, so that -8 meets the value furthest from zero. For five steps t
// around -8 / m, m that value, the q of the step give a least-squares scale sum(w q) / sum(q q); the one with the smallest
// squared error wins, is rounded to bf16, and q = w / scale to nearest, ties to even. Against -8 / m alone this takes 6 %
// off the error. Values past inner and missing rows are 0. Returns 1 when a value is NaN,
// Infinity or too large to be summed, else 0.
// f32 sums: value i in lane i % 4, in rising i, then (l0 + l1) + (l2 + l3). Twin: src/weights/formats/q4.ts
import { groups_of, Q4_GROUP } from './formats'
import { bf16_bits } from './pack_bf16'
import { largest, put_scale } from './pack_q8'
import { read_four, source_shift } from './read_source'

export function panel_bytes_q4(inner: i32): i32 {
  return groups_of(inner) * <i32>Q4_GROUP
}

export function pack_q4(dst: usize, src: usize, dtype: i32, inner: i32, rows: i32): i32 {
  const row = (<usize>inner) << source_shift(dtype)
  // Missing columns: n = 8 is q = 0. The low nibbles are written first and clear the high ones.
  memory.fill(dst, 0, <usize>panel_bytes_q4(inner))
  let bad = 0
  for (let c = 0; c < 8; c++) {
    let at = dst
    for (let i = 0; i < inner; i += 32, at += Q4_GROUP) {
      if (c < rows) bad |= pack_group(at, src, dtype, inner, i, c)
      else put_nothing(at, c)
    }
    src += row
  }
  return bad
}

function pack_group(at: usize, src: usize, dtype: i32, inner: i32, i: i32, c: i32): i32 {
  const top = largest(src, dtype, inner, i)
  const bits = bf16_bits(top > 0 && top <= f32.MAX_VALUE ? best_scale(src, dtype, inner, i, top) : 0)
  const scale = reinterpret<f32>(bits << 16)
  const divisor = f32x4.splat(scale !== 0 ? scale : f32.MAX_VALUE)
  for (let s: usize = 0; s < 8; s++, i += 4) {
    const n = i32x4.add(nearest_level(f32x4.div(read_four(src, dtype, inner, i), divisor)), i32x4.splat(8))
    put_nibbles(at + (s << 4), c, n)
  }
  put_scale(at + 128, c, bits)
  return <i32>(!(top <= f32.MAX_VALUE) || (bits & 0x7f80) === 0x7f80)
}

/** The whole number nearest to each lane, in -8 .. 7. */
function nearest_level(x: v128): v128 {
  const q = i32x4.trunc_sat_f32x4_s(f32x4.nearest(x))
  return i32x4.max_s(i32x4.min_s(q, i32x4.splat(7)), i32x4.splat(-8))
}

/** The four n of a step of one column; they fit a byte each. */
function put_nibbles(at: usize, c: i32, n: v128): void {
  const words = i16x8.narrow_i32x4_s(n, n)
  const bytes = i32x4.extract_lane(i8x16.narrow_i16x8_s(words, words), 0)
  at += (<usize>(c & 3)) << 2
  store<u32>(at, c < 4 ? bytes : load<u32>(at) | (bytes << 4))
}

function put_nothing(at: usize, c: i32): void {
  for (let s: usize = 0; s < 8; s++) put_nibbles(at + (s << 4), c, i32x4.splat(8))
}

function best_scale(src: usize, dtype: i32, inner: i32, i: i32, top: f32): f32 {
  let best: f32 = 0
  let gain: f32 = -1
  const extreme = furthest(src, dtype, inner, i, top)
  for (let t = -2; t <= 2; t++) {
    const step = f32x4.splat(extreme / -(<f32>8 + <f32>t * <f32>0.4))
    let products = f32x4.splat(0)
    let squares = products
    for (let s = 0; s < 32; s += 4) {
      const w = read_four(src, dtype, inner, i + s)
      const q = f32x4.convert_i32x4_s(nearest_level(f32x4.div(w, step)))
      products = f32x4.add(products, f32x4.mul(w, q))
      squares = f32x4.add(squares, f32x4.mul(q, q))
    }
    const wq = add_lanes(products)
    const qq = add_lanes(squares)
    const scale = wq / qq
    if (wq * scale > gain) {
      gain = wq * scale
      best = scale
    }
  }
  return best
}

/** The first value of the group whose size is `top`, with its sign. */
function furthest(src: usize, dtype: i32, inner: i32, i: i32, top: f32): f32 {
  for (; ; i += 4) {
    const four = read_four(src, dtype, inner, i)
    const hits = i32x4.bitmask(f32x4.eq(f32x4.abs(four), f32x4.splat(top)))
    if (hits === 0) continue
    const negative = i32x4.bitmask(four)
    return ((negative >> ctz<i32>(hits)) & 1) !== 0 ? -top : top
  }
}

function add_lanes(sum: v128): f32 {
  const low = f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1)
  return low + (f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3))
}
