// matvec_q8_int: out[c] = sum over groups g of sx[g] * sw[c, g] * (sum over the 32 i of g of xq[i] * wq[c, i]), for the columns
// of panels [from, to); out has room for whole panels. xq: one row of quantize_rows_q8; w, a group of a panel in 272 bytes:
//   | s=0: c0 .. c3, c4 .. c7 | s=1 | .. | s=7 | 8 scales bf16 |         a column of a step: its values 4 * s .. 4 * s + 3 in bytes
// Loops: panel of the first half of the slice beside one of the second half (two streams far apart hide more of the memory's
// latency; a last odd panel goes beside itself), block of 32 groups, group, step: 32 bytes of each against one word of x.
// Relaxed: x is stored as q + 64, so 64 times the sum of the weights is taken off each pair of products before it is
// widened. Strict: bytes as 16 bits, even and odd ones (dot_bytes.ts).
// f32 order as in matmul_int.ts: chains of 32 groups, blocks in order. NaN and Infinity of x arrive as a NaN scale: every
// output is NaN. Twin: test/kernels/twins/matmul-int.ts

import { dot_pairs, even_bytes, odd_bytes } from './dot_bytes'
import { groups_of, Q8_GROUP } from './formats'
import { madd } from './madd'
import { put } from './matvec_f32'
import { RECORD } from './quantize_rows'
import { scales_high, scales_low } from './scales'

// The upper half of a word, 64 in each byte, 1 in each 16 bits: in memory because V8 rebuilds a v128.const at every use.
const MASKS: usize = memory.data<u32>([0xffff0000, 0x40404040, 0x00010001], 16)

export function matvec_q8_int(out: usize, xq: usize, w: usize, inner: i32, from: i32, to: i32): void {
  const groups = groups_of(inner)
  const panel = <usize>groups * Q8_GROUP
  const half = (to - from + 1) >> 1
  for (let p = from; p < from + half; p++) {
    const far = p + half < to ? <usize>half : 0
    const at = out + ((<usize>p) << 5)
    for (let g = 0; g < groups; g += 32) {
      const near = w + <usize>p * panel + <usize>g * Q8_GROUP
      const x = xq + <usize>g * RECORD
      add_blocks(at, at + (far << 5), x, near, near + far * panel, min(32, groups - g), g === 0)
    }
  }
}

/** One block of two panels at w and v; when they are the same panel, so are out and out1. */
function add_blocks(out: usize, out1: usize, x: usize, w: usize, v: usize, groups: i32, first: bool): void {
  const high = v128.load32_splat(MASKS)
  const offset = v128.load32_splat(MASKS, 4)
  const ones = v128.load32_splat(MASKS, 8)
  let a = f32x4.splat(0)
  let b = a
  let c = a
  let d = a
  for (let g = 0; g < groups; g++) {
    let sa = i32x4.splat(0)
    let sb = sa
    let sc = sa
    let sd = sa
    if (ASC_FEATURE_RELAXED_SIMD) {
      for (const end = w + 256; w < end; w += 32, v += 32, x += 4) {
        const xs = v128.load32_splat(x)
        sa = i32x4.add(sa, dot(v128.load(w), xs, offset, ones))
        sb = i32x4.add(sb, dot(v128.load(w, 16), xs, offset, ones))
        sc = i32x4.add(sc, dot(v128.load(v), xs, offset, ones))
        sd = i32x4.add(sd, dot(v128.load(v, 16), xs, offset, ones))
      }
    } else {
      for (const end = w + 256; w < end; w += 32, v += 32, x += 8) {
        const even = v128.load32_splat(x)
        const odd = v128.load32_splat(x, 4)
        sa = dot_four(v128.load(w), even, odd, sa)
        sb = dot_four(v128.load(w, 16), even, odd, sb)
        sc = dot_four(v128.load(v), even, odd, sc)
        sd = dot_four(v128.load(v, 16), even, odd, sd)
      }
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

/** Four products w * (x - 64) of each lane added up. */
function dot(w: v128, x: v128, offset: v128, ones: v128): v128 {
  const pairs = i16x8.relaxed_dot_i8x16_i7x16_s(w, x)
  return i32x4.dot_i16x8_s(i16x8.sub(pairs, i16x8.relaxed_dot_i8x16_i7x16_s(w, offset)), ones)
}

/** Four products w * x of each lane added to `sum`; x in pairs. */
function dot_four(w: v128, even: v128, odd: v128, sum: v128): v128 {
  return dot_pairs(odd_bytes(w), odd, dot_pairs(even_bytes(w), even, sum))
}
