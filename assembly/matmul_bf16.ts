// matmul_bf16: out = x . w with bf16 weights in panels. Loops, sums, tails, NaN and Infinity, twin: matmul_exact.ts
import { BF16 } from './formats'
import { matmul_exact } from './matmul_exact'

export function matmul_bf16(
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
  matmul_exact(BF16, out, x, w, rows, inner, cols, ldo, from, to, scratch)
}
