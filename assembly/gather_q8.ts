// gather_q8: out[s] = table[ids[s]] for tokens s in [from, to): embedding rows from a table (V, D) that is packed as a q8
// matrix is (pack_q8.ts): row v is column v % 8 of panel v / 8. w = q * scale, one product, so bit-equal to a scalar loop.
//   a group of 32 values, 272 bytes:  | s=0: c0 .. c7, 4 bytes each | .. | s=7 | scales bf16 c0 c4 c1 c5 c2 c6 c3 c7 |
// Loops: tokens, groups, steps of 4 values, as far as D goes. The packer let no NaN or Infinity in. Twin: test/kernels/gather-q8.test.ts
import { groups_of, Q8_GROUP } from './formats'

export function gather_q8(out: usize, table: usize, ids: usize, D: i32, from: i32, to: i32): void {
  const panel = <usize>groups_of(D) * Q8_GROUP
  for (let s = from; s < to; s++) {
    const id = load<u32>(ids + ((<usize>s) << 2))
    const column = <usize>(id & 7)
    let group = table + <usize>(id >> 3) * panel
    const line = out + ((<usize>s * <usize>D) << 2)
    for (let d = 0; d < D; d += 32, group += Q8_GROUP) {
      const place = ((column & 3) << 1) | (column >> 2)
      const scale = reinterpret<f32>((<u32>load<u16>(group + 256 + (place << 1))) << 16)
      copy_group(line + ((<usize>d) << 2), group + (column << 2), scale, min(32, D - d))
    }
  }
}

function copy_group(out: usize, at: usize, scale: f32, n: i32): void {
  for (let i = 0; i < n; i++)
    store<f32>(out + ((<usize>i) << 2), <f32>load<i8>(at + ((<usize>(i >> 2)) << 5) + <usize>(i & 3)) * scale)
}
