// matmul_q4: out = x . w with q4 weights in panels and x in f32 (no rounding but that of the weights). All else: matmul_exact.ts
import { Q4 } from './formats'
import { matmul_exact } from './matmul_exact'

export function matmul_q4(
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
  matmul_exact(Q4, out, x, w, rows, inner, cols, ldo, from, to, scratch)
}
