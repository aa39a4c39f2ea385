// matmul_q8: out = x . w with q8 weights in panels and x in f32 (no rounding but that of the weights). All else: matmul_exact.ts
import { Q8 } from './formats'
import { matmul_exact } from './matmul_exact'

export function matmul_q8(
  out: usize,
  x: usize,
  w: usize,
  rows: i32,
  inner: i32,
  cols: i32,
  ldo: i32,
  from: i32,
  to: i32,
  scratch: usize,
): void {
  matmul_exact(Q8, out, x, w, rows, inner, cols, ldo, from, to, scratch)
}
