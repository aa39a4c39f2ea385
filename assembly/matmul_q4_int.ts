// matmul_q4_int: out = xq . w with q4 weights in panels and rows quantised by quantize_rows_q4, products summed in 16 bits.
// matmul_q4_fused: the same bits by the fused dot instruction; which is faster depends on the CPU, so the caller times both.
// Loops, sums, tails, NaN and Infinity, twin: matmul_int.ts
import { matmul_int } from './matmul_int'

export function matmul_q4_int(
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
  matmul_int(true, false, out, xq, w, rows, inner, cols, ldo, from, to, scratch)
}

export function matmul_q4_fused(
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
  matmul_int(true, true, out, xq, w, rows, inner, cols, ldo, from, to, scratch)
}
