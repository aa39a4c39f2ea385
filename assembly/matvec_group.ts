// matvec_q8, matvec_q4: out[c] = sum over groups g of sw[c, g] * (sum over the 32 i of g of x[i] * wq[c, i]) for the columns of
// panels [from, to), x in f32: only the weights are rounded. out has room for whole panels. w: matvec_q8_int.ts, matvec_q4_int.ts
// Loops: piece of CHUNK values, which are made whole numbers h * 2^15 + l once (split_x.ts), panel, block of 32 groups, group,
// step of 4 values: one 16-bit dot with the h, one with the l, for the even and for the odd bytes. q4 as in matvec_q4_int.ts,
// strict: dots with whole bytes and with their high nibbles. Turning each weight into f32 takes twice the instructions.
// Sums: exact in a group; times unit and scale they join a chain over at most 32 groups, blocks in order. W is i8 for q8, u8
// for q4. Tail: values past inner count as zeros. NaN or Infinity in x makes every output NaN.
// scratch: matvec_scratch_bytes, private to the thread. Twin: test/kernels/twins/matmul.ts
import { dot_pairs, even_bytes, odd_bytes } from './dot_bytes'
import { groups_of, Q4_GROUP, Q8_GROUP } from './formats'
import { madd } from './madd'
import { put } from './matvec_f32'
import { scales_high, scales_low } from './scales'
import { SPLIT, split_x } from './split_x'

const CHUNK: i32 = 16384

// The upper half of a word, the lower byte of 16 bits, its high nibble: in memory because V8 rebuilds a v128.const.
const MASKS: usize = memory.data<u32>([0xffff0000, 0x00ff00ff, 0x00f000f0], 16)

/** Bytes of the thread-private scratch. */
export function matvec_scratch_bytes(): i32 {
  return groups_of(CHUNK) * <i32>SPLIT
}

export function matvec_q8(out: usize, x: usize, w: usize, inner: i32, from: i32, to: i32, scratch: usize): void {
  matvec<i8>(out, x, w, inner, from, to, scratch)
}

export function matvec_q4(out: usize, x: usize, w: usize, inner: i32, from: i32, to: i32, scratch: usize): void {
  matvec<u8>(out, x, w, inner, from, to, scratch)
}

function matvec<W>(out: usize, x: usize, w: usize, inner: i32, from: i32, to: i32, scratch: usize): void {
  const group = isSigned<W>() ? Q8_GROUP : Q4_GROUP
  const panel = <usize>groups_of(inner) * group
  for (let i = 0; i < inner; i += CHUNK) {
    const n = min(CHUNK, inner - i)
    const groups = groups_of(n)
    split_x(scratch, x + ((<usize>i) << 2), n)
    for (let p = from; p < to; p++) {
      const start = w + <usize>p * panel + <usize>(i >> 5) * group
      for (let g = 0; g < groups; g += 32)
        add_block<W>(
          out + ((<usize>p) << 5),
          scratch + <usize>g * SPLIT,
          start + <usize>g * group,
          min(32, groups - g),
          i + g === 0,
        )
    }
  }
}

function add_block<W>(out: usize, x: usize, w: usize, groups: i32, first: bool): void {
  const high = v128.load32_splat(MASKS)
  const bytes = v128.load32_splat(MASKS, 4)
  const nibbles = v128.load32_splat(MASKS, 8)
  let a = f32x4.splat(0)
  let b = a
  for (let g = 0; g < groups; g++) {
    let ah = i32x4.splat(0)
    let al = ah
    let bh = ah
    let bl = ah
    for (const end = x + 128; x < end; x += 16) {
      const h02 = v128.load32_splat(x)
      const h13 = v128.load32_splat(x, 4)
      const l02 = v128.load32_splat(x, 8)
      const l13 = v128.load32_splat(x, 12)
      const q = v128.load(w)
      let even = isSigned<W>() ? even_bytes(q) : v128.and(q, bytes)
      let odd = isSigned<W>() ? odd_bytes(q) : i16x8.shr_u(q, 8)
      ah = dot_pairs(odd, h13, dot_pairs(even, h02, ah))
      al = dot_pairs(odd, l13, dot_pairs(even, l02, al))
      if (isSigned<W>()) {
        even = even_bytes(v128.load(w, 16))
        odd = odd_bytes(v128.load(w, 16))
        w += 32
      } else {
        even = v128.and(even, nibbles)
        odd = v128.and(odd, nibbles)
        w += 16
      }
      bh = dot_pairs(odd, h13, dot_pairs(even, h02, bh))
      bl = dot_pairs(odd, l13, dot_pairs(even, l02, bl))
    }
    if (!isSigned<W>()) {
      const sum_h = v128.load32_splat(x)
      const sum_l = v128.load32_splat(x, 4)
      ah = i32x4.add(i32x4.sub(ah, bh), sum_h)
      al = i32x4.add(i32x4.sub(al, bl), sum_l)
      bh = i32x4.add(i32x4.shr_s(bh, 4), sum_h)
      bl = i32x4.add(i32x4.shr_s(bl, 4), sum_l)
    }
    const unit_h = v128.load32_splat(x, 8)
    const unit_l = v128.load32_splat(x, 12)
    a = madd(whole(ah, al, unit_h, unit_l), scales_low(w), a)
    b = madd(whole(bh, bl, unit_h, unit_l), scales_high(w, high), b)
    x += 16
    w += 16
  }
  put(out, a, b, first)
}

/** h * unit_h + l * unit_l: the products are exact, since units are powers of two. */
function whole(h: v128, l: v128, unit_h: v128, unit_l: v128): v128 {
  return madd(f32x4.convert_i32x4_s(l), unit_l, f32x4.mul(f32x4.convert_i32x4_s(h), unit_h))
}
