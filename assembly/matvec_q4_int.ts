// matvec_q4_int: out[c] = sum over groups g of sx[g] * sw[c, g] * (sum over the 32 i of g of xq[i] * wq[c, i]), for the columns
// of panels [from, to); out has room for whole panels. xq: one row of quantize_rows_q4; w, a group of a panel in 144 bytes:
//   | s=0: 16 bytes | s=1 | .. | s=7 | 8 scales bf16 |      byte (c % 4) * 4 + j of step s: value 4 * s + j of column c in the
//                                                           low nibble (c < 4) or the high one, as n = q + 8
// Loops: panel, block of 32 groups, group, step: 16 bytes of weights against one word of x, straight from memory.
// Relaxed: pairs of products are summed in 16 bits, from the -8 * x that undoes the + 8, and widened once a group. Strict:
// nibbles as 16 bits, i32x4.dot_i16x8_s; lanes c0 c0 c1 c1, added in pairs at the end of a group.
// f32 order as in matmul_int.ts: chains of 32 groups, blocks in order. Twin: test/kernels/twins/matmul-int.ts
import { add_pairs, groups_of, Q4_GROUP } from './formats'
import { madd } from './madd'
import { put } from './matvec_f32'
import { RECORD } from './quantize_rows'
import { scales_high, scales_low } from './scales'

// The upper half of a word, the low nibble of each byte, 1 in each 16 bits: in memory because V8 rebuilds a v128.const.
const MASKS: usize = memory.data<u32>([0xffff0000, 0x0f0f0f0f, 0x00010001], 16)
const SUM: usize = RECORD - 8

export function matvec_q4_int(out: usize, xq: usize, w: usize, inner: i32, from: i32, to: i32): void {
  const groups = groups_of(inner)
  w += <usize>(from * groups) * Q4_GROUP
  for (let p = from; p < to; p++) {
    for (let g = 0; g < groups; g += 32) {
      const n = min(32, groups - g)
      add_block(out + ((<usize>p) << 5), xq + <usize>g * RECORD, w, n, g === 0)
      w += <usize>n * Q4_GROUP
    }
  }
}

function add_block(out: usize, x: usize, w: usize, groups: i32, first: bool): void {
  const high = v128.load32_splat(MASKS)
  const nibble = v128.load32_splat(MASKS, 4)
  const ones = v128.load32_splat(MASKS, 8)
  let a = f32x4.splat(0)
  let b = a
  for (let g = 0; g < groups; g++) {
    let sa: v128
    let sb: v128
    if (ASC_FEATURE_RELAXED_SIMD) {
      sa = v128.load32_splat(x, SUM)
      sb = sa
      for (const end = w + 128; w < end; w += 32, x += 8) {
        let both = v128.load(w)
        let xs = v128.load32_splat(x)
        sa = add_low(sa, xs, both, nibble)
        sb = add_high(sb, xs, both, nibble)
        both = v128.load(w, 16)
        xs = v128.load32_splat(x, 4)
        sa = add_low(sa, xs, both, nibble)
        sb = add_high(sb, xs, both, nibble)
      }
      sa = i32x4.dot_i16x8_s(sa, ones)
      sb = i32x4.dot_i16x8_s(sb, ones)
    } else {
      sa = i32x4.splat(0)
      sb = sa
      let sc = sa
      let sd = sa
      for (const end = w + 128; w < end; w += 16, x += 8) {
        const both = v128.load(w)
        const xs = v128.load64_splat(x)
        const low = v128.and(both, nibble)
        const top = v128.and(i16x8.shr_u(both, 4), nibble)
        sa = i32x4.add(sa, i32x4.dot_i16x8_s(xs, i16x8.extend_low_i8x16_u(low)))
        sb = i32x4.add(sb, i32x4.dot_i16x8_s(xs, i16x8.extend_high_i8x16_u(low)))
        sc = i32x4.add(sc, i32x4.dot_i16x8_s(xs, i16x8.extend_low_i8x16_u(top)))
        sd = i32x4.add(sd, i32x4.dot_i16x8_s(xs, i16x8.extend_high_i8x16_u(top)))
      }
      const sum = v128.load32_splat(x)
      sa = i32x4.add(add_pairs(sa, sb), sum)
      sb = i32x4.add(add_pairs(sc, sd), sum)
    }
    const sx = v128.load32_splat(x, 4)
    a = madd(f32x4.mul(sx, scales_low(w)), f32x4.convert_i32x4_s(sa), a)
    b = madd(f32x4.mul(sx, scales_high(w, high)), f32x4.convert_i32x4_s(sb), b)
    x += 8
    w += 16
  }
  put(out, a, b, first)
}

/** sum + the pairs of products of x with the low nibbles, in 16 bits. */
function add_low(sum: v128, x: v128, both: v128, nibble: v128): v128 {
  return i16x8.add(sum, i16x8.relaxed_dot_i8x16_i7x16_s(x, v128.and(both, nibble)))
}

function add_high(sum: v128, x: v128, both: v128, nibble: v128): v128 {
  return i16x8.add(sum, i16x8.relaxed_dot_i8x16_i7x16_s(x, v128.and(i16x8.shr_u(both, 4), nibble)))
}
