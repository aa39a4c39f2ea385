// scatter_add: out[s] += rows[patchIndices[s]] for tokens s in [from, to) whose index is not -1: patches onto <vpatch> rows.
//   out (S, D), rows (P, D), patchIndices (S) i32 in -1..P-1 (the caller has checked them)
// Bit-equal to a scalar loop; NaN and Infinity follow IEEE 754, and rows without a patch keep their bits.
// Twin: test/kernels/twins/elementwise.ts
import { add } from './add'

export function scatter_add(out: usize, rows: usize, patchIndices: usize, D: i32, from: i32, to: i32): void {
  const bytes = (<usize>D) << 2
  for (let s = from; s < to; s++) {
    const patch = load<i32>(patchIndices + ((<usize>s) << 2))
    if (patch < 0) continue
    const row = out + <usize>s * bytes
    add(row, row, rows + <usize>patch * bytes, 0, D)
  }
}
