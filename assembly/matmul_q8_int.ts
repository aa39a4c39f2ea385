// matmul_q8_int: out = xq . w with q8 weights in panels and rows quantised by quantize_rows_q8, pairs of products widened one by one.
// matmul_q8_fused: the same bits by the fused dot instruction; which is faster depends on the CPU, so the caller times both.
// Loops, sums, tails, NaN and Infinity, twin: matmul_int.ts
import { matmul_int } from './matmul_int'

export function matmul_q8_int(
  out: usize,
  xq: usize,
  w: usize,
  rows: i32,
  inner: i32,
  cols: i32,
  ldo: i32,
  from: i32,
  to: i32,
  scratch: usize,
): void {
  matmul_int(false, false, out, xq, w, rows, inner, cols, ldo, from, to, scratch)
}

export function matmul_q8_fused(
  out: usize,
  xq: usize,
  w: usize,
  rows: i32,
  inner: i32,
  cols: i32,
  ldo: i32,
  from: i32,
  to: i32,
  scratch: usize,
): void {
  matmul_int(false, true, out, xq, w, rows, inner, cols, ldo, from, to, scratch)
}
