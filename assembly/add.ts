// add: out = a + b, elements [from, to) of three equal arrays: the residual stream. `out` may be `a` or `b`.
// Loop: four elements at a time, the last 1 to 3 as a vector with empty lanes. Bit-equal to a scalar loop; NaN and
// Infinity follow IEEE 754. Twin: test/kernels/twins/elementwise.ts
import { load_lanes, store_lanes } from './lanes'

export function add(out: usize, a: usize, b: usize, from: i32, to: i32): void {
  const end = (<usize>to) << 2
  let at = (<usize>from) << 2
  for (; at + 16 <= end; at += 16) v128.store(out + at, f32x4.add(v128.load(a + at), v128.load(b + at)))
  if (at === end) return
  const n = <i32>((end - at) >> 2)
  store_lanes(out + at, f32x4.add(load_lanes(a + at, n), load_lanes(b + at, n)), n)
}
