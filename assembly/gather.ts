// gather_*: out[s] = table[ids[s]] for tokens s in [from, to): embedding rows, widened to f32 without rounding.
//   out (S, D) f32, ids (S) i32 (the caller has checked them), table (V, D) row-major, as in the checkpoint:
//   f32   copied bit for bit
//   bf16  the upper half of an f32: shifted up by 16
//   f16   exponent and fraction moved to their f32 places, then times 2^112, which also makes subnormals right; an
//         exponent of all ones (Infinity, NaN) is set again afterwards
// NaN and Infinity of a table are kept. Twin: test/kernels/twins/gather.ts
import { widen_f16 } from './f16'

export function gather_f32(out: usize, table: usize, ids: usize, D: i32, from: i32, to: i32): void {
  const bytes = (<usize>D) << 2
  for (let s = from; s < to; s++)
    memory.copy(out + <usize>s * bytes, table + <usize>load<u32>(ids + ((<usize>s) << 2)) * bytes, bytes)
}

export function gather_bf16(out: usize, table: usize, ids: usize, D: i32, from: i32, to: i32): void {
  for (let s = from; s < to; s++) {
    const row = table + ((<usize>load<u32>(ids + ((<usize>s) << 2)) * <usize>D) << 1)
    const line = out + ((<usize>s * <usize>D) << 2)
    let d: i32 = 0
    for (; d + 4 <= D; d += 4)
      v128.store(line + ((<usize>d) << 2), i32x4.shl(v128.load16x4_u(row + ((<usize>d) << 1)), 16))
    for (; d < D; d++) store<u32>(line + ((<usize>d) << 2), (<u32>load<u16>(row + ((<usize>d) << 1))) << 16)
  }
}

export function gather_f16(out: usize, table: usize, ids: usize, D: i32, from: i32, to: i32): void {
  for (let s = from; s < to; s++) {
    const row = table + ((<usize>load<u32>(ids + ((<usize>s) << 2)) * <usize>D) << 1)
    widen_f16(out + ((<usize>s * <usize>D) << 2), row, D)
  }
}
