// matvec_q4_int: out[c] = sum over groups g of sx[g] * sw[c, g] * (sum over the 32 i of g of xq[i] * wq[c, i]), for the columns
// of panels [from, to); out has room for whole panels. xq: one row of quantize_rows_q4; w, a group of a panel in 144 bytes:
//   | s=0: 16 bytes | s=1 | .. | s=7 | 8 scales bf16 |      byte (c % 4) * 4 + j of step s: value 4 * s + j of column c in the
//                                                           low nibble (c < 4) or the high one, as n = q + 8
// Loops: panel of the first half of the slice beside one of the second half (two streams far apart hide more of the memory's
// latency; a last odd panel goes beside itself), block of 32 groups, group, step: 16 bytes of each against one word of x.
// Relaxed: pairs of products are summed in 16 bits, from the -8 * x that undoes the + 8, and widened once a group. Strict:
// 16-bit dots with whole bytes, n + 16 * m, and with 16 * m, m the high nibble (dot_bytes.ts); their difference is that of n.
// f32 order as in matmul_int.ts: chains of 32 groups, blocks in order. NaN and Infinity of x arrive as a NaN scale: every
// output is NaN. Twin: test/kernels/twins/matmul-int.ts

import { dot_pairs } from './dot_bytes'
import { groups_of, Q4_GROUP } from './formats'
import { madd } from './madd'
import { put } from './matvec_f32'
import { RECORD } from './quantize_rows'
import { scales_high, scales_low } from './scales'

// The upper half of a word, the low nibble of each byte, 1 in each 16 bits, the lower byte of 16 bits, its high nibble: in
// memory because V8 rebuilds a v128.const at every use.
const MASKS: usize = memory.data<u32>([0xffff0000, 0x0f0f0f0f, 0x00010001, 0x00ff00ff, 0x00f000f0], 16)
const SUM: usize = RECORD - 8

export function matvec_q4_int(out: usize, xq: usize, w: usize, inner: i32, from: i32, to: i32): void {
  const groups = groups_of(inner)
  const panel = <usize>groups * Q4_GROUP
  const half = (to - from + 1) >> 1
  for (let p = from; p < from + half; p++) {
    const far = p + half < to ? <usize>half : 0
    const at = out + ((<usize>p) << 5)
    for (let g = 0; g < groups; g += 32) {
      const near = w + <usize>p * panel + <usize>g * Q4_GROUP
      const x = xq + <usize>g * RECORD
      add_blocks(at, at + (far << 5), x, near, near + far * panel, min(32, groups - g), g === 0)
    }
  }
}

/** One block of two panels at w and v; when they are the same panel, so are out and out1. */
function add_blocks(out: usize, out1: usize, x: usize, w: usize, v: usize, groups: i32, first: bool): void {
  const high = v128.load32_splat(MASKS)
  const nibble = v128.load32_splat(MASKS, 4)
  const ones = v128.load32_splat(MASKS, 8)
  const bytes = v128.load32_splat(MASKS, 12)
  const upper = v128.load32_splat(MASKS, 16)
  let a = f32x4.splat(0)
  let b = a
  let c = a
  let d = a
  for (let g = 0; g < groups; g++) {
    let sa = ASC_FEATURE_RELAXED_SIMD ? v128.load32_splat(x, SUM) : i32x4.splat(0)
    let sb = sa
    let sc = sa
    let sd = sa
    if (ASC_FEATURE_RELAXED_SIMD) {
      for (let s = 0; s < 8; s++, w += 16, v += 16, x += 4) {
        const xs = v128.load32_splat(x)
        let both = v128.load(w)
        sa = add_low(sa, xs, both, nibble)
        sb = add_high(sb, xs, both, nibble)
        both = v128.load(v)
        sc = add_low(sc, xs, both, nibble)
        sd = add_high(sd, xs, both, nibble)
      }
      sa = i32x4.dot_i16x8_s(sa, ones)
      sb = i32x4.dot_i16x8_s(sb, ones)
      sc = i32x4.dot_i16x8_s(sc, ones)
      sd = i32x4.dot_i16x8_s(sd, ones)
    } else {
      for (const end = w + 128; w < end; w += 16, v += 16, x += 8) {
        const even = v128.load32_splat(x)
        const odd = v128.load32_splat(x, 4)
        let low = v128.load(w)
        let high_ = i16x8.shr_u(low, 8)
        sa = dot_pairs(high_, odd, dot_pairs(v128.and(low, bytes), even, sa))
        sb = dot_pairs(v128.and(high_, upper), odd, dot_pairs(v128.and(low, upper), even, sb))
        low = v128.load(v)
        high_ = i16x8.shr_u(low, 8)
        sc = dot_pairs(high_, odd, dot_pairs(v128.and(low, bytes), even, sc))
        sd = dot_pairs(v128.and(high_, upper), odd, dot_pairs(v128.and(low, upper), even, sd))
      }
      const sum = v128.load32_splat(x)
      sa = i32x4.add(i32x4.sub(sa, sb), sum)
      sb = i32x4.add(i32x4.shr_s(sb, 4), sum)
      sc = i32x4.add(i32x4.sub(sc, sd), sum)
      sd = i32x4.add(i32x4.shr_s(sd, 4), sum)
    }
    const sx = v128.load32_splat(x, 4)
    a = madd(f32x4.mul(sx, scales_low(w)), f32x4.convert_i32x4_s(sa), a)
    b = madd(f32x4.mul(sx, scales_high(w, high)), f32x4.convert_i32x4_s(sb), b)
    c = madd(f32x4.mul(sx, scales_low(v)), f32x4.convert_i32x4_s(sc), c)
    d = madd(f32x4.mul(sx, scales_high(v, high)), f32x4.convert_i32x4_s(sd), d)
    x += 8
    w += 16
    v += 16
  }
  put(out, a, b, first)
  if (out1 !== out) put(out1, c, d, first)
}

/** sum + the pairs of products of x with the low nibbles, in 16 bits. */
function add_low(sum: v128, x: v128, both: v128, nibble: v128): v128 {
  return i16x8.add(sum, i16x8.relaxed_dot_i8x16_i7x16_s(x, v128.and(both, nibble)))
}

function add_high(sum: v128, x: v128, both: v128, nibble: v128): v128 {
  return i16x8.add(sum, i16x8.relaxed_dot_i8x16_i7x16_s(x, v128.and(i16x8.shr_u(both, 4), nibble)))
}
