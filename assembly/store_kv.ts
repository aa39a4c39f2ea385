// What a pass appends to the cache: tokens [from, to) of the pass become tokens start + s of the layer (kv_page.ts).
//   rope_to_cache  K = rope(x), x (S, G * E) with cos, sin (S, E): rope and its copy in one, when nobody asks for k_rope
//   store_k        K = k_rope (G, S, E), when it was asked for or given
//   store_v        V = v (S, G * E)
// In f32 the bits are copied, NaN and Infinity too; the _f16 forms round to nearest even, beyond 65,504 to Infinity, and keep
// NaN. Rounding order of rope: rope.ts.
// Twin: test/kernels/twins/kv-cache.ts
import { narrow_f16 } from './f16'
import { page_of, row_in_page } from './kv_page'
import { rope_row } from './rope'

export function rope_to_cache(
  pageTable: usize,
  x: usize,
  cos: usize,
  sin: usize,
  start: i32,
  G: i32,
  E: i32,
  from: i32,
  to: i32,
): void {
  const bytes = (<usize>E) << 2
  for (let s = from; s < to; s++) {
    const page = page_of(pageTable, start + s)
    const turn = <usize>s * bytes
    for (let g = 0; g < G; g++)
      rope_row(
        page + (row_in_page(0, start + s, g, G, E) << 2),
        x + <usize>(s * G + g) * bytes,
        cos + turn,
        sin + turn,
        E,
      )
  }
}

/** scratch: E f32, private to the thread. */
export function rope_to_cache_f16(
  pageTable: usize,
  x: usize,
  cos: usize,
  sin: usize,
  start: i32,
  G: i32,
  E: i32,
  from: i32,
  to: i32,
  scratch: usize,
): void {
  const bytes = (<usize>E) << 2
  for (let s = from; s < to; s++) {
    const page = page_of(pageTable, start + s)
    const turn = <usize>s * bytes
    for (let g = 0; g < G; g++) {
      rope_row(scratch, x + <usize>(s * G + g) * bytes, cos + turn, sin + turn, E)
      narrow_f16(page + (row_in_page(0, start + s, g, G, E) << 1), scratch, E)
    }
  }
}

export function store_k(pageTable: usize, k: usize, S: i32, start: i32, G: i32, E: i32, from: i32, to: i32): void {
  store_rows(pageTable, k, 0, S, 1, start, G, E, from, to, false)
}

export function store_k_f16(pageTable: usize, k: usize, S: i32, start: i32, G: i32, E: i32, from: i32, to: i32): void {
  store_rows(pageTable, k, 0, S, 1, start, G, E, from, to, true)
}

export function store_v(pageTable: usize, v: usize, start: i32, G: i32, E: i32, from: i32, to: i32): void {
  store_rows(pageTable, v, 1, 1, G, start, G, E, from, to, false)
}

export function store_v_f16(pageTable: usize, v: usize, start: i32, G: i32, E: i32, from: i32, to: i32): void {
  store_rows(pageTable, v, 1, 1, G, start, G, E, from, to, true)
}

/** Row (g, s) of the source stands at (g * perGroup + s * perToken) * E. */
function store_rows(
  pageTable: usize,
  source: usize,
  part: i32,
  perGroup: i32,
  perToken: i32,
  start: i32,
  G: i32,
  E: i32,
  from: i32,
  to: i32,
  half: bool,
): void {
  const bytes = (<usize>E) << 2
  for (let s = from; s < to; s++) {
    const page = page_of(pageTable, start + s)
    for (let g = 0; g < G; g++) {
      const row = source + <usize>(g * perGroup + s * perToken) * bytes
      const at = row_in_page(part, start + s, g, G, E)
      if (half) narrow_f16(page + (at << 1), row, E)
      else memory.copy(page + (at << 2), row, bytes)
    }
  }
}
