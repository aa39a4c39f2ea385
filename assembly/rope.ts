// rope: dst (heads, S, E) from x (S, heads * E) for tokens [from, to). Frequency j turns the pair (x[j], x[j + E/2]):
//   out[j] = x[j] * cos[j] - x[j + E/2] * sin[j]        out[j + E/2] = x[j + E/2] * cos[j + E/2] + x[j] * sin[j + E/2]
// cos, sin (S, E), a row a token of the pass; E is even. Loops: tokens, heads, four pairs at a time, the last 1 to 3 with
// empty lanes. Each product is rounded before the sum, as in PyTorch, in both builds: bit-equal to a scalar loop.
// NaN and Infinity follow IEEE 754. Twin: test/kernels/twins/rope.ts
import { load_lanes, store_lanes } from './lanes'

export function rope(
  dst: usize,
  x: usize,
  cos: usize,
  sin: usize,
  S: i32,
  heads: i32,
  E: i32,
  from: i32,
  to: i32,
): void {
  const bytes = (<usize>E) << 2
  for (let s = from; s < to; s++) {
    const turn = <usize>s * bytes
    for (let h = 0; h < heads; h++)
      rope_row(dst + <usize>(h * S + s) * bytes, x + <usize>(s * heads + h) * bytes, cos + turn, sin + turn, E)
  }
}

/** One head of one token: dst (E) from x (E). */
export function rope_row(dst: usize, x: usize, cos: usize, sin: usize, E: i32): void {
  const half = (<usize>E) << 1 // bytes of E / 2 values
  let at: usize = 0
  for (; at + 16 <= half; at += 16) {
    const low = v128.load(x + at)
    const high = v128.load(x + half + at)
    v128.store(dst + at, f32x4.sub(f32x4.mul(low, v128.load(cos + at)), f32x4.mul(high, v128.load(sin + at))))
    v128.store(
      dst + half + at,
      f32x4.add(f32x4.mul(high, v128.load(cos + half + at)), f32x4.mul(low, v128.load(sin + half + at))),
    )
  }
  if (at === half) return
  const n = <i32>((half - at) >> 2)
  const low = load_lanes(x + at, n)
  const high = load_lanes(x + half + at, n)
  const c = load_lanes(cos + half + at, n)
  const s = load_lanes(sin + half + at, n)
  store_lanes(dst + at, f32x4.sub(f32x4.mul(low, load_lanes(cos + at, n)), f32x4.mul(high, load_lanes(sin + at, n))), n)
  store_lanes(dst + half + at, f32x4.add(f32x4.mul(high, c), f32x4.mul(low, s)), n)
}
