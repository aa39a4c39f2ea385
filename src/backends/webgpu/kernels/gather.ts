// gather_f32, gather_bf16, gather_q8: out (S, D) = table[ids[s]].                        One thread an element: x = d, y = s
//   f32   the table's rows, one after the other          bf16  the same, two values a word, the lower index in the low half
//   q8    the panels of a matrix (src/weights/formats/packed.ts): the head and the embedding then have the same bytes
// A table may lie in several buffers; each run knows rows [first, first + rows) and leaves the other tokens alone.
import { type Kernel, kernel, WORKGROUP } from './kernel.ts'

export interface TablePart {
  readonly D: number
  readonly first: number
  readonly rows: number
}

const value = {
  f32: () => 'bitcast<f32>(table[row * D + d])',
  bf16: () => 'bitcast<f32>(select(table[n / 2u] << 16u, table[n / 2u] & 0xffff0000u, n % 2u == 1u))',
  q8: (D: number) => `from_panel(row, d, ${Math.ceil(D / 32)}u)`,
}

/** Byte i % 4 of the word of column c at step i / 4 of its group, times the column's scale. */
const fromPanel = /* wgsl */ `
fn from_panel(row: u32, d: u32, groups: u32) -> f32 {
  let base = (row / 8u * groups + d / 32u) * 68u;
  let c = row % 8u;
  let q = bitcast<i32>(table[base + d % 32u / 4u * 8u + c] << (24u - 8u * (d % 4u))) >> 24u;
  let scales = table[base + 64u + c % 4u];
  return f32(q) * bitcast<f32>(select(scales << 16u, scales & 0xffff0000u, c >= 4u));
}`

export function gather(format: 'f32' | 'bf16' | 'q8', { D, first, rows }: TablePart): Kernel {
  return kernel(
    `gather_${format}`,
    { table: 'u32', ids: 'i32', embedded: 'f32' },
    /* wgsl */ `
const D = ${D}u;
${format === 'q8' ? fromPanel : ''}
@compute @workgroup_size(${WORKGROUP})
fn gather_${format}(@builtin(global_invocation_id) id: vec3<u32>) {
  let d = id.x;
  let token = u32(ids[id.y]);
  if (d >= D || token < ${first}u || token >= ${first + rows}u) { return; }
  let row = token - ${first}u;
  let n = row * D + d;
  embedded[id.y * D + d] = ${value[format](D)};
}`,
  )
}
