// pack_q4: one panel from up to 8 checkpoint rows (`inner` values each, one after the other at src) in any float dtype.
// Groups of 32 values along inner, 144 bytes each, 4.5 bits a weight:
//   | s=0: 16 bytes | s=1 | .. | s=7 | scales bf16 c0 c4 c1 c5 c2 c6 c3 c7 |
//   byte (c % 4) * 4 + j of step s: value 4 * s + j of column c, in the low nibble (c < 4) or the high one, as n = q + 8
// q in -8 .. 7, w = q * scale; the scale may be negative, so that -8 meets m, the value furthest from zero. For five trial
// scales -m / (8 + t) the q they give have a least-squares scale sum(w q) / sum(q q); the one with the smallest squared error
// wins, is rounded to bf16, and q = w / scale to nearest, ties to even, computed as w * (1 / scale). A group whose largest
// value is below 2^-100 is 0, as are values past inner and missing rows. Returns 1 when a value is NaN, Infinity or too
// large to be summed, else 0. A group lives in eight registers; trials are outside, so nothing is read twice.
// f32 sums: value i in lane i % 4, in rising i, then (l0 + l1) + (l2 + l3). Twin: src/weights/formats/q4.ts
import { groups_of, Q4_GROUP } from './formats'
import { bf16_bits } from './pack_bf16'
import { largest_lane, put_scale } from './pack_q8'
import { load_some } from './read_source'

const CONSTANTS: usize = memory.data<f32>([7, -8, 2 ** -100], 16)

export function panel_bytes_q4(inner: i32): i32 {
  return groups_of(inner) * <i32>Q4_GROUP
}

export function pack_q4(dst: usize, src: usize, dtype: i32, inner: i32, rows: i32): i32 {
  if (dtype === 0) return pack_rows<f32>(dst, src, inner, rows)
  if (dtype === 1) return pack_rows<u16>(dst, src, inner, rows)
  return dtype === 2 ? pack_rows<i16>(dst, src, inner, rows) : pack_rows<f64>(dst, src, inner, rows)
}

function pack_rows<T>(dst: usize, src: usize, inner: i32, rows: i32): i32 {
  let bad = 0
  for (let c = 0; c < 8; c++) {
    let at = dst
    for (let i = 0; i < inner; i += 32, at += Q4_GROUP) {
      if (c < rows) bad |= pack_group<T>(at, src + <usize>i * sizeof<T>(), inner - i, c)
      else put_nothing(at, c)
    }
    src += <usize>inner * sizeof<T>()
  }
  return bad
}

function pack_group<T>(at: usize, src: usize, left: i32, c: i32): i32 {
  const step = 4 * sizeof<T>()
  const w0 = load_some<T>(src, left)
  const w1 = load_some<T>(src + step, left - 4)
  const w2 = load_some<T>(src + 2 * step, left - 8)
  const w3 = load_some<T>(src + 3 * step, left - 12)
  const w4 = load_some<T>(src + 4 * step, left - 16)
  const w5 = load_some<T>(src + 5 * step, left - 20)
  const w6 = load_some<T>(src + 6 * step, left - 24)
  const w7 = load_some<T>(src + 7 * step, left - 28)
  const high = f32x4.max(
    f32x4.max(f32x4.max(w0, w1), f32x4.max(w2, w3)),
    f32x4.max(f32x4.max(w4, w5), f32x4.max(w6, w7)),
  )
  const low = f32x4.min(
    f32x4.min(f32x4.min(w0, w1), f32x4.min(w2, w3)),
    f32x4.min(f32x4.min(w4, w5), f32x4.min(w6, w7)),
  )
  const most = largest_lane(high)
  const least = -largest_lane(f32x4.neg(low))
  const top = max<f32>(most, -least)
  const seven = v128.load32_splat(CONSTANTS)
  const eight = v128.load32_splat(CONSTANTS, 4)

  let best: f32 = 0
  let gain: f32 = -1
  const finite = top <= f32.MAX_VALUE
  if (finite && top >= load<f32>(CONSTANTS, 8)) {
    const furthest = most === top ? most : least
    for (let t = -2; t <= 2; t++) {
      const inverse = f32x4.splat(-(<f32>8 + <f32>t * <f32>0.4) / furthest)
      let q = level(w0, inverse, seven, eight)
      let wq = f32x4.mul(w0, q)
      let qq = f32x4.mul(q, q)
      q = level(w1, inverse, seven, eight)
      wq = f32x4.add(wq, f32x4.mul(w1, q))
      qq = f32x4.add(qq, f32x4.mul(q, q))
      q = level(w2, inverse, seven, eight)
      wq = f32x4.add(wq, f32x4.mul(w2, q))
      qq = f32x4.add(qq, f32x4.mul(q, q))
      q = level(w3, inverse, seven, eight)
      wq = f32x4.add(wq, f32x4.mul(w3, q))
      qq = f32x4.add(qq, f32x4.mul(q, q))
      q = level(w4, inverse, seven, eight)
      wq = f32x4.add(wq, f32x4.mul(w4, q))
      qq = f32x4.add(qq, f32x4.mul(q, q))
      q = level(w5, inverse, seven, eight)
      wq = f32x4.add(wq, f32x4.mul(w5, q))
      qq = f32x4.add(qq, f32x4.mul(q, q))
      q = level(w6, inverse, seven, eight)
      wq = f32x4.add(wq, f32x4.mul(w6, q))
      qq = f32x4.add(qq, f32x4.mul(q, q))
      q = level(w7, inverse, seven, eight)
      wq = f32x4.add(wq, f32x4.mul(w7, q))
      qq = f32x4.add(qq, f32x4.mul(q, q))
      const both = add_lanes(wq, qq)
      const product = f32x4.extract_lane(both, 0)
      const scale = product / f32x4.extract_lane(both, 1)
      const taken = product * scale
      best = taken > gain ? scale : best
      gain = taken > gain ? taken : gain
    }
  }
  const bits = bf16_bits(best)
  const scale = reinterpret<f32>(bits << 16)
  const inverse = f32x4.splat(scale !== 0 ? 1 / scale : 0)
  put_steps(at, c, numbers(w0, w1, w2, w3, inverse, seven, eight))
  put_steps(at + 64, c, numbers(w4, w5, w6, w7, inverse, seven, eight))
  put_scale(at + 128, c, bits)
  return <i32>(!finite || (bits & 0x7f80) === 0x7f80)
}

/** The whole number nearest to each w * inverse, in -8 .. 7. */
function level(w: v128, inverse: v128, seven: v128, eight: v128): v128 {
  return f32x4.pmax(eight, f32x4.pmin(seven, f32x4.nearest(f32x4.mul(w, inverse))))
}

/** The sums of the lanes of a and of b, in lanes 0 and 1: (l0 + l1) + (l2 + l3). */
function add_lanes(a: v128, b: v128): v128 {
  const pairs = f32x4.add(v128.shuffle<f32>(a, b, 0, 2, 4, 6), v128.shuffle<f32>(a, b, 1, 3, 5, 7))
  return f32x4.add(v128.shuffle<f32>(pairs, pairs, 0, 2, 0, 2), v128.shuffle<f32>(pairs, pairs, 1, 3, 1, 3))
}

/** n = q + 8 of 16 values, a byte each. */
function numbers(w0: v128, w1: v128, w2: v128, w3: v128, inverse: v128, seven: v128, eight: v128): v128 {
  const a = i32x4.trunc_sat_f32x4_s(f32x4.sub(level(w0, inverse, seven, eight), eight))
  const b = i32x4.trunc_sat_f32x4_s(f32x4.sub(level(w1, inverse, seven, eight), eight))
  const c = i32x4.trunc_sat_f32x4_s(f32x4.sub(level(w2, inverse, seven, eight), eight))
  const d = i32x4.trunc_sat_f32x4_s(f32x4.sub(level(w3, inverse, seven, eight), eight))
  return i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(a, b), i16x8.narrow_i32x4_s(c, d))
}

/** Four steps of one column: its low nibbles are written first and clear the high ones, which are put in later. */
function put_steps(at: usize, c: i32, n: v128): void {
  at += (<usize>(c & 3)) << 2
  if (c >= 4) {
    let there = v128.load32_zero(at)
    there = v128.load32_lane(at, there, 1, 16)
    there = v128.load32_lane(at, there, 2, 32)
    there = v128.load32_lane(at, there, 3, 48)
    n = v128.or(there, i16x8.shl(n, 4))
  }
  v128.store32_lane(at, n, 0)
  v128.store32_lane(at, n, 1, 16)
  v128.store32_lane(at, n, 2, 32)
  v128.store32_lane(at, n, 3, 48)
}

/** A missing column: n = 8 is q = 0. */
function put_nothing(at: usize, c: i32): void {
  const n = i8x16.splat(8)
  put_steps(at, c, n)
  put_steps(at + 64, c, n)
  put_scale(at + 128, c, 0)
}
