// matmul_f32: out = x . w with f32 weights in panels. Loops, sums, tails, NaN and Infinity, twin: matmul_exact.ts
import { F32 } from './formats'
import { matmul_exact } from './matmul_exact'

export function matmul_f32(
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
  matmul_exact(F32, out, x, w, rows, inner, cols, ldo, from, to, scratch)
}
