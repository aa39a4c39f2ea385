// unpack_groups: whole groups of a q8 or q4 panel, as the integer tile wants them (matmul_int_tile.ts):
//   | s=0: c0 .. c7 | s=1: c0 .. c7 | .. | start c0 .. c7 i32 | scales c0 .. c7 f32 |
//   relaxed  a word = 4 values of a column in bytes, as they are stored; q4's nibbles 0 to 15. `start` of q8 is -64 times
//            the sum of the column's 32 values, because x is stored as q + 64; of q4 it is 0
//   strict   a word = 2 values of a column in 16 bits, 0 and 2 or 1 and 3 of each four, signed: q4's nibble less 8; `start` is not used
import { even_bytes, odd_bytes } from './dot_bytes'
import { Q4_GROUP, Q8_GROUP } from './formats'
import { INT_GROUP } from './matmul_int_tile'
import { scales_high, scales_low } from './scales'

const HIGH: usize = memory.data<u32>([0xffff0000], 16)
const START: usize = INT_GROUP - 64

export function unpack_q8(to: usize, w: usize, groups: i32): void {
  for (let g = 0; g < groups; g++, w += Q8_GROUP, to += INT_GROUP) {
    let low = i32x4.splat(0)
    let high = i32x4.splat(0)
    for (let s: usize = 0; s < 256; s += 32) {
      const a = v128.load(w + s)
      const b = v128.load(w + s, 16)
      put_step(to, s, a, b)
      low = i32x4.add(low, sum_bytes(a))
      high = i32x4.add(high, sum_bytes(b))
    }
    put_end(to, w + 256, i32x4.neg(i32x4.shl(low, 6)), i32x4.neg(i32x4.shl(high, 6)))
  }
}

export function unpack_q4(to: usize, w: usize, groups: i32): void {
  const nibble = i8x16.splat(15)
  const eight = i8x16.splat(ASC_FEATURE_RELAXED_SIMD ? 0 : 8)
  for (let g = 0; g < groups; g++, w += Q4_GROUP, to += INT_GROUP) {
    for (let s: usize = 0; s < 128; s += 16) {
      const both = v128.load(w + s)
      const a = i8x16.sub(v128.and(both, nibble), eight)
      const b = i8x16.sub(v128.and(i16x8.shr_u(both, 4), nibble), eight)
      put_step(to, s << 1, a, b)
    }
    put_end(to, w + 128, i32x4.splat(0), i32x4.splat(0))
  }
}

/** The four bytes of each lane added up. */
function sum_bytes(a: v128): v128 {
  return i32x4.extadd_pairwise_i16x8_s(i16x8.extadd_pairwise_i8x16_s(a))
}

/** Four values of columns c0 .. c3 (a) and c4 .. c7 (b); `s` counts bytes of the stored 32 a step. */
function put_step(to: usize, s: usize, a: v128, b: v128): void {
  if (ASC_FEATURE_RELAXED_SIMD) {
    v128.store(to + s, a)
    v128.store(to + s, b, 16)
    return
  }
  // Values 0 and 2 of each column are one step, 1 and 3 the next.
  v128.store(to + (s << 1), even_bytes(a))
  v128.store(to + (s << 1), even_bytes(b), 16)
  v128.store(to + (s << 1), odd_bytes(a), 32)
  v128.store(to + (s << 1), odd_bytes(b), 48)
}

function put_end(to: usize, scales: usize, low: v128, high: v128): void {
  v128.store(to + START, low)
  v128.store(to + START, high, 16)
  v128.store(to + START, scales_low(scales), 32)
  v128.store(to + START, scales_high(scales, v128.load32_splat(HIGH)), 48)
}
