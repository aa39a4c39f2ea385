// matvec_bf16: out[c] = sum over i of x[i] * w[c, i] for the columns of panels [from, to); out has room for whole panels.
//   x (inner), w, one panel = 8 columns in 16 bytes a step:  i=0 | c0 c4 c1 c5 c2 c6 c3 c7 |  i=1 | ..  then the next panel
// A bf16 is the upper half of an f32: one shift widens c0 .. c3, one mask c4 .. c7, exactly.
// Loops, sums, tails, NaN and Infinity as in matvec_f32.ts. Twin: test/kernels/twins/matmul.ts
import { madd } from './madd'
import { put } from './matvec_f32'

// The upper half of a word, in memory because V8 rebuilds a v128.const at every use.
const HIGH: usize = memory.data<u32>([0xffff0000], 16)

export function matvec_bf16(out: usize, x: usize, w: usize, inner: i32, from: i32, to: i32): void {
  const panel = (<usize>inner) << 4
  let p = from
  for (; p + 4 <= to; p += 4) four_panels(out + ((<usize>p) << 5), x, w + <usize>p * panel, panel, inner)
  for (; p < to; p++) one_panel(out + ((<usize>p) << 5), x, w + <usize>p * panel, inner)
}

function four_panels(out: usize, x: usize, w: usize, panel: usize, inner: i32): void {
  const high = v128.load32_splat(HIGH)
  let w1 = w + panel
  let w2 = w1 + panel
  let w3 = w2 + panel
  for (let i = 0; i < inner; ) {
    const first = i === 0
    const end = min(i + 128, inner)
    let a = f32x4.splat(0)
    let b = a
    let c = a
    let d = a
    let e = a
    let f = a
    let g = a
    let h = a
    for (; i < end; i++) {
      const xi = v128.load32_splat(x)
      let pairs = v128.load(w)
      a = madd(xi, i32x4.shl(pairs, 16), a)
      b = madd(xi, v128.and(pairs, high), b)
      pairs = v128.load(w1)
      c = madd(xi, i32x4.shl(pairs, 16), c)
      d = madd(xi, v128.and(pairs, high), d)
      pairs = v128.load(w2)
      e = madd(xi, i32x4.shl(pairs, 16), e)
      f = madd(xi, v128.and(pairs, high), f)
      pairs = v128.load(w3)
      g = madd(xi, i32x4.shl(pairs, 16), g)
      h = madd(xi, v128.and(pairs, high), h)
      x += 4
      w += 16
      w1 += 16
      w2 += 16
      w3 += 16
    }
    put(out, a, b, first)
    put(out + 32, c, d, first)
    put(out + 64, e, f, first)
    put(out + 96, g, h, first)
  }
}

function one_panel(out: usize, x: usize, w: usize, inner: i32): void {
  const high = v128.load32_splat(HIGH)
  for (let i = 0; i < inner; ) {
    const first = i === 0
    const end = min(i + 128, inner)
    let a = f32x4.splat(0)
    let b = a
    for (; i < end; i++, x += 4, w += 16) {
      const xi = v128.load32_splat(x)
      const pairs = v128.load(w)
      a = madd(xi, i32x4.shl(pairs, 16), a)
      b = madd(xi, v128.and(pairs, high), b)
    }
    put(out, a, b, first)
  }
}
