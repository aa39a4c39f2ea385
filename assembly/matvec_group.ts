// matvec_q8, matvec_q4: out[c] = sum over groups g of sw[c, g] * (sum over the 32 i of g of x[i] * wq[c, i]) for the columns of
// panels [from, to), x in f32: nothing is rounded but the weights. out has room for whole panels. w: matvec_q8_int.ts, matvec_q4_int.ts
// Sums: values i, i + 4, i + 8 .. of a group are one chain of 8, four chains side by side, (0 + 1) + (2 + 3); times the
// scale they join a chain over at most 32 groups; blocks in order. W is i8 for q8, u8 for q4.
// Tail: values past inner count as zeros and are not read. NaN and Infinity flow through. Twin: test/kernels/twins/matmul.ts
import { groups_of, Q4_GROUP, Q8_GROUP } from './formats'
import { load_lanes } from './lanes'
import { madd } from './madd'
import { put } from './matvec_f32'
import { scales_high, scales_low } from './scales'

// The upper half of a word, the low nibble of each byte, 8 in each byte: in memory because V8 rebuilds a v128.const.
const MASKS: usize = memory.data<u32>([0xffff0000, 0x0f0f0f0f, 0x08080808], 16)

export function matvec_q8(out: usize, x: usize, w: usize, inner: i32, from: i32, to: i32): void {
  matvec<i8>(out, x, w, inner, from, to)
}

export function matvec_q4(out: usize, x: usize, w: usize, inner: i32, from: i32, to: i32): void {
  matvec<u8>(out, x, w, inner, from, to)
}

function matvec<W>(out: usize, x: usize, w: usize, inner: i32, from: i32, to: i32): void {
  const group = isSigned<W>() ? Q8_GROUP : Q4_GROUP
  const groups = groups_of(inner)
  w += <usize>(from * groups) * group
  for (let p = from; p < to; p++)
    for (let i = 0; i < inner; i += 1024) {
      const n = min(1024, inner - i)
      add_block<W>(out + ((<usize>p) << 5), x + ((<usize>i) << 2), w, n, i === 0)
      w += <usize>groups_of(n) * group
    }
}

function add_block<W>(out: usize, x: usize, w: usize, n: i32, first: bool): void {
  const high = v128.load32_splat(MASKS)
  const nibble = v128.load32_splat(MASKS, 4)
  const eight = v128.load32_splat(MASKS, 8)
  let a = f32x4.splat(0)
  let b = a
  for (; n > 0; n -= 32) {
    let a0 = f32x4.splat(0)
    let a1 = a0
    let a2 = a0
    let a3 = a0
    let b0 = a0
    let b1 = a0
    let b2 = a0
    let b3 = a0
    const scales = w + (isSigned<W>() ? 256 : 128)
    for (let i = 0; i < min(32, n); i += 4, x += 16) {
      const xs = n - i < 4 ? load_lanes(x, n - i) : v128.load(x)
      let low = v128.load(w)
      let top: v128
      if (isSigned<W>()) {
        top = v128.load(w, 16)
        w += 32
      } else {
        top = i8x16.sub(v128.and(i16x8.shr_u(low, 4), nibble), eight)
        low = i8x16.sub(v128.and(low, nibble), eight)
        w += 16
      }
      let xi = v128.shuffle<i32>(xs, xs, 0, 0, 0, 0)
      a0 = madd(xi, f32x4.convert_i32x4_s(i32x4.shr_s(i32x4.shl(low, 24), 24)), a0)
      b0 = madd(xi, f32x4.convert_i32x4_s(i32x4.shr_s(i32x4.shl(top, 24), 24)), b0)
      xi = v128.shuffle<i32>(xs, xs, 1, 1, 1, 1)
      a1 = madd(xi, f32x4.convert_i32x4_s(i32x4.shr_s(i32x4.shl(low, 16), 24)), a1)
      b1 = madd(xi, f32x4.convert_i32x4_s(i32x4.shr_s(i32x4.shl(top, 16), 24)), b1)
      xi = v128.shuffle<i32>(xs, xs, 2, 2, 2, 2)
      a2 = madd(xi, f32x4.convert_i32x4_s(i32x4.shr_s(i32x4.shl(low, 8), 24)), a2)
      b2 = madd(xi, f32x4.convert_i32x4_s(i32x4.shr_s(i32x4.shl(top, 8), 24)), b2)
      xi = v128.shuffle<i32>(xs, xs, 3, 3, 3, 3)
      a3 = madd(xi, f32x4.convert_i32x4_s(i32x4.shr_s(low, 24)), a3)
      b3 = madd(xi, f32x4.convert_i32x4_s(i32x4.shr_s(top, 24)), b3)
    }
    a = madd(f32x4.add(f32x4.add(a0, a1), f32x4.add(a2, a3)), scales_low(scales), a)
    b = madd(f32x4.add(f32x4.add(b0, b1), f32x4.add(b2, b3)), scales_high(scales, high), b)
    w = scales + 16
  }
  put(out, a, b, first)
}
