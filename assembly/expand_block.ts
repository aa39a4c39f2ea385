// expand_block: where the f32 weights of panel p, values [i, i + depth) of inner, are: in the panel itself when it is f32,
// else widened into `to`:  i=0 | c0 .. c7 |  i=1 | c0 .. c7 | .. A weight q * scale is exact in f32: 8 bits times 8 bits.
// i is a multiple of 256. Whole groups are widened; what they have past inner is padding and nobody reads it.
import { BF16, F32, groups_of, Q4_GROUP, Q8, Q8_GROUP } from './formats'
import { scales_high, scales_low } from './scales'

// The upper half of a word, the lower nibble of a byte: in memory, because V8 rebuilds a v128.const at every use.
const HIGH: usize = memory.data<u32>([0xffff0000, 0x0f], 16)

export function expand_block(format: i32, to: usize, w: usize, p: i32, inner: i32, i: i32, depth: i32): usize {
  if (format === F32) return w + ((<usize>p * <usize>inner + <usize>i) << 5)
  if (format === BF16) {
    expand_bf16(to, w + ((<usize>p * <usize>inner + <usize>i) << 4), depth)
    return to
  }
  const group = <usize>(p * groups_of(inner) + (i >> 5))
  if (format === Q8) expand_q8(to, w + group * Q8_GROUP, groups_of(depth))
  else expand_q4(to, w + group * Q4_GROUP, groups_of(depth))
  return to
}

function expand_bf16(to: usize, w: usize, depth: i32): void {
  const high = v128.load32_splat(HIGH)
  for (const end = w + ((<usize>depth) << 4); w < end; w += 16, to += 32) {
    const pairs = v128.load(w)
    v128.store(to, i32x4.shl(pairs, 16))
    v128.store(to, v128.and(pairs, high), 16)
  }
}

function expand_q8(to: usize, w: usize, groups: i32): void {
  const high = v128.load32_splat(HIGH)
  for (let g = 0; g < groups; g++, w += Q8_GROUP) {
    const low_scales = scales_low(w + 256)
    const high_scales = scales_high(w + 256, high)
    for (let s: usize = 0; s < 256; s += 32, to += 128) {
      put_four(to, v128.load(w + s), low_scales)
      put_four(to + 16, v128.load(w + s, 16), high_scales)
    }
  }
}

/** Four columns of four steps: the bytes of a lane are the steps of its column. */
function put_four(to: usize, bytes: v128, scales: v128): void {
  v128.store(to, f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_s(i32x4.shl(bytes, 24), 24)), scales))
  v128.store(to, f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_s(i32x4.shl(bytes, 16), 24)), scales), 32)
  v128.store(to, f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_s(i32x4.shl(bytes, 8), 24)), scales), 64)
  v128.store(to, f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_s(bytes, 24)), scales), 96)
}

function expand_q4(to: usize, w: usize, groups: i32): void {
  const high = v128.load32_splat(HIGH)
  const nibble = v128.load8_splat(HIGH, 4)
  const eight = i8x16.splat(8)
  for (let g = 0; g < groups; g++, w += Q4_GROUP) {
    const low_scales = scales_low(w + 128)
    const high_scales = scales_high(w + 128, high)
    for (let s: usize = 0; s < 128; s += 16, to += 128) {
      const both = v128.load(w + s)
      put_four(to, i8x16.sub(v128.and(both, nibble), eight), low_scales)
      put_four(to + 16, i8x16.sub(v128.and(i16x8.shr_u(both, 4), nibble), eight), high_scales)
    }
  }
}
