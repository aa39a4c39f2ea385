// matvec_f32: out[c] = sum over i of x[i] * w[c, i] for the columns of panels [from, to); out has room for whole panels.
//   x (inner), w, one panel = 8 columns:  i=0 | c0 .. c7 |  i=1 | c0 .. c7 | ..  then the next panel
// Loops: four panels side by side, block of 128, i. One panel alone would wait for each addition: two chains for four
// cycles of latency. The up to three panels at the end go alone. Sums: one chain a block, in rising i; blocks added in order.
// Tail: none along columns, the packer pads a panel with zeros. NaN and Infinity flow through.
// Twin: test/kernels/twins/matmul.ts
import { madd } from './madd'

export function matvec_f32(out: usize, x: usize, w: usize, inner: i32, from: i32, to: i32): void {
  const panel = (<usize>inner) << 5
  let p = from
  for (; p + 4 <= to; p += 4) four_panels(out + ((<usize>p) << 5), x, w + <usize>p * panel, panel, inner)
  for (; p < to; p++) one_panel(out + ((<usize>p) << 5), x, w + <usize>p * panel, inner)
}

function four_panels(out: usize, x: usize, w: usize, panel: usize, inner: i32): void {
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
      a = madd(xi, v128.load(w), a)
      b = madd(xi, v128.load(w, 16), b)
      c = madd(xi, v128.load(w1), c)
      d = madd(xi, v128.load(w1, 16), d)
      e = madd(xi, v128.load(w2), e)
      f = madd(xi, v128.load(w2, 16), f)
      g = madd(xi, v128.load(w3), g)
      h = madd(xi, v128.load(w3, 16), h)
      x += 4
      w += 32
      w1 += 32
      w2 += 32
      w3 += 32
    }
    put(out, a, b, first)
    put(out + 32, c, d, first)
    put(out + 64, e, f, first)
    put(out + 96, g, h, first)
  }
}

function one_panel(out: usize, x: usize, w: usize, inner: i32): void {
  for (let i = 0; i < inner; ) {
    const first = i === 0
    const end = min(i + 128, inner)
    let a = f32x4.splat(0)
    let b = a
    for (; i < end; i++, x += 4, w += 32) {
      const xi = v128.load32_splat(x)
      a = madd(xi, v128.load(w), a)
      b = madd(xi, v128.load(w, 16), b)
    }
    put(out, a, b, first)
  }
}

/** Writes or adds the block sums of 8 columns. */
export function put(out: usize, a: v128, b: v128, first: bool): void {
  if (!first) {
    a = f32x4.add(v128.load(out), a)
    b = f32x4.add(v128.load(out, 16), b)
  }
  v128.store(out, a)
  v128.store(out, b, 16)
}
