// scatter_add: out[s] += rows[patchIndices[s]] for tokens s whose patch is one of [from, to): patches onto <vpatch> rows.
//   out (S, D), rows (P, D), patchIndices (S) i32 in -1..P-1 (the caller has checked them); -1: no patch
// By patches, not by tokens, so that the rows of a few patches at a time are enough; all S indices are looked at each time.
// Bit-equal to a scalar loop; NaN and Infinity follow IEEE 754, and rows without a patch keep their bits.
// Twin: test/kernels/twins/elementwise.ts
import { add } from './add'

export function scatter_add(out: usize, rows: usize, patchIndices: usize, S: i32, D: i32, from: i32, to: i32): void {
  const bytes = (<usize>D) << 2
  for (let s = 0; s < S; s++) {
    const patch = load<i32>(patchIndices + ((<usize>s) << 2))
    if (patch < from || patch >= to) continue
    const row = out + <usize>s * bytes
    add(row, row, rows + <usize>patch * bytes, 0, D)
  }
}
