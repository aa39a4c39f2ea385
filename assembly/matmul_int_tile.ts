// The integer tile: out[r][c] += sum over groups g of sx[r, g] * sw[c, g] * (sum over the 32 i of g of xq[r, i] * wq[c, i])
// for 4 rows, 8 columns and up to 32 groups. A dot instruction multiplies the values of STEP steps of inner at once:
//   x, packed, a group   | s=0: r0 r1 r2 r3 | s=1 .. | sums r0 .. r3 | scales r0 .. r3 |       a word = STEP values of a row
//   w, unpacked, a group | s=0: c0 .. c7 | s=1 .. | start c0 .. c7 i32 | scales c0 .. c7 f32 | a word = STEP values of a column
// The integer sum of a group is exact; it starts from `start` and `sums`, which undo the offsets of unsigned operands.
// f32 order: a chain over the groups of the call, fma(sx * sw, sum); the caller adds the calls up in order.
// W is the type of the weights: u8 q4, nibbles 0 to 15, the 7-bit operand; i8 q8, where x is that operand. T is how sums
// of products are kept:
//   i16   q4 only: what the 16 pairs of a group and column add up to fits 16 bits, so they are widened once a group
//   i32   each pair is widened at once
//   i64   by the fused instruction, which is one on CPUs with AVX-VNNI or Arm dot products, and five on others
// The strict build has pairs of i16 (i32x4.dot_i16x8_s) and no offsets: there T and W do not matter.
import { madd } from './madd'

export const INT_TILE_ROWS: i32 = 4
/** Values of inner in one 32-bit word. */
const STEPS: i32 = ASC_FEATURE_RELAXED_SIMD ? 8 : 16

/** Bytes of one group of the unpacked panel block. */
export const INT_GROUP: usize = <usize>STEPS * 32 + 64

/** 1 in each 16-bit lane, in memory because V8 rebuilds a v128.const at every use. */
const ONES: usize = memory.data<u32>([0x00010001], 16)

export function tile_q4(sums: usize, x: usize, w: usize, groups: i32): void {
  tile<i16, u8>(sums, x, w, groups)
}

export function tile_q4_fused(sums: usize, x: usize, w: usize, groups: i32): void {
  tile<i64, u8>(sums, x, w, groups)
}

export function tile_q8(sums: usize, x: usize, w: usize, groups: i32): void {
  tile<i32, i8>(sums, x, w, groups)
}

export function tile_q8_fused(sums: usize, x: usize, w: usize, groups: i32): void {
  tile<i64, i8>(sums, x, w, groups)
}

function tile<T, W>(sums: usize, x: usize, w: usize, groups: i32): void {
  const ones = v128.load32_splat(ONES)
  for (let g = 0; g < groups; g++) {
    let a0 = start<T, W>(x, w, 0, 0)
    let b0 = start<T, W>(x, w, 0, 16)
    let a1 = start<T, W>(x, w, 4, 0)
    let b1 = start<T, W>(x, w, 4, 16)
    let a2 = start<T, W>(x, w, 8, 0)
    let b2 = start<T, W>(x, w, 8, 16)
    let a3 = start<T, W>(x, w, 12, 0)
    let b3 = start<T, W>(x, w, 12, 16)
    for (let s = 0; s < STEPS; s++, x += 16, w += 32) {
      const wa = v128.load(w)
      const wb = v128.load(w, 16)
      let xr = v128.load32_splat(x)
      a0 = dot<T, W>(xr, wa, a0, ones)
      b0 = dot<T, W>(xr, wb, b0, ones)
      xr = v128.load32_splat(x, 4)
      a1 = dot<T, W>(xr, wa, a1, ones)
      b1 = dot<T, W>(xr, wb, b1, ones)
      xr = v128.load32_splat(x, 8)
      a2 = dot<T, W>(xr, wa, a2, ones)
      b2 = dot<T, W>(xr, wb, b2, ones)
      xr = v128.load32_splat(x, 12)
      a3 = dot<T, W>(xr, wa, a3, ones)
      b3 = dot<T, W>(xr, wb, b3, ones)
    }
    const wa = v128.load(w, 32)
    const wb = v128.load(w, 48)
    add_group<T>(sums, a0, b0, v128.load32_splat(x, 16), wa, wb, ones)
    add_group<T>(sums + 32, a1, b1, v128.load32_splat(x, 20), wa, wb, ones)
    add_group<T>(sums + 64, a2, b2, v128.load32_splat(x, 24), wa, wb, ones)
    add_group<T>(sums + 96, a3, b3, v128.load32_splat(x, 28), wa, wb, ones)
    x += 32
    w += 64
  }
}

function start<T, W>(x: usize, w: usize, row: usize, columns: usize): v128 {
  if (!ASC_FEATURE_RELAXED_SIMD) return i32x4.splat(0)
  if (isSigned<W>()) return v128.load(w + columns, <usize>STEPS * 32)
  const sums = v128.load32_splat(x + row, <usize>STEPS * 16)
  return sizeof<T>() === 2 ? sums : i32x4.extadd_pairwise_i16x8_s(sums)
}

function dot<T, W>(x: v128, w: v128, sum: v128, ones: v128): v128 {
  if (!ASC_FEATURE_RELAXED_SIMD) return i32x4.add(sum, i32x4.dot_i16x8_s(x, w))
  const wide = isSigned<W>() ? w : x
  const seven = isSigned<W>() ? x : w
  if (sizeof<T>() === 8) return i32x4.relaxed_dot_i8x16_i7x16_add_s(wide, seven, sum)
  const pairs = i16x8.relaxed_dot_i8x16_i7x16_s(wide, seven)
  return sizeof<T>() === 2 ? i16x8.add(sum, pairs) : i32x4.add(sum, i32x4.dot_i16x8_s(pairs, ones))
}

function add_group<T>(sums: usize, a: v128, b: v128, sx: v128, wa: v128, wb: v128, ones: v128): void {
  if (ASC_FEATURE_RELAXED_SIMD && sizeof<T>() === 2) {
    a = i32x4.dot_i16x8_s(a, ones)
    b = i32x4.dot_i16x8_s(b, ones)
  }
  const low = madd(f32x4.mul(sx, wa), f32x4.convert_i32x4_s(a), v128.load(sums))
  const high = madd(f32x4.mul(sx, wb), f32x4.convert_i32x4_s(b), v128.load(sums, 16))
  v128.store(sums, low)
  v128.store(sums, high, 16)
}
