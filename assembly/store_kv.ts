// What a pass appends to the cache: tokens [from, to) of the pass become tokens start + s of the layer (kv_page.ts).
//   rope_to_cache  K = rope(x), x (S, G * E) with cos, sin (S, E): rope and its copy in one, when nobody asks for k_rope
//   store_k        K = k_rope (G, S, E), when it was asked for or given
//   store_v        V = v (S, G * E)
// In f32 the bits are copied, NaN and Infinity too; the _f16 forms round to nearest even, beyond 65,504 to Infinity, and keep
// NaN, and mark the token whose row has one of them (kv_f16.ts). Rounding order of rope: rope.ts.
// Twin: test/kernels/twins/kv-cache.ts
import { narrow4_f16 } from './f16'
import { mark_of, place_of_lane } from './kv_f16'
import { keys_in_page, PAGE, page_of, values_in_page } from './kv_page'
import { load_lanes } from './lanes'
import { rope_row } from './rope'

/** scratch: E f32, private to the thread. */
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
  scratch: usize,
): void {
  rope_keys(pageTable, x, cos, sin, start, G, E, from, to, scratch, false)
}

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
  rope_keys(pageTable, x, cos, sin, start, G, E, from, to, scratch, true)
}

function rope_keys(
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
  half: bool,
): void {
  const bytes = (<usize>E) << 2
  for (let s = from; s < to; s++) {
    const page = page_of(pageTable, start + s)
    const turn = <usize>s * bytes
    let special = false
    for (let g = 0; g < G; g++) {
      rope_row(scratch, x + <usize>(s * G + g) * bytes, cos + turn, sin + turn, E)
      special = put_key(page, scratch, start + s, g, E, half) || special
    }
    if (half) store<u8>(mark_of(page, 0, start + s, G, E), u8(special))
  }
}

export function store_k(pageTable: usize, k: usize, S: i32, start: i32, G: i32, E: i32, from: i32, to: i32): void {
  store_keys(pageTable, k, S, start, G, E, from, to, false)
}

export function store_k_f16(pageTable: usize, k: usize, S: i32, start: i32, G: i32, E: i32, from: i32, to: i32): void {
  store_keys(pageTable, k, S, start, G, E, from, to, true)
}

function store_keys(
  pageTable: usize,
  k: usize,
  S: i32,
  start: i32,
  G: i32,
  E: i32,
  from: i32,
  to: i32,
  half: bool,
): void {
  for (let s = from; s < to; s++) {
    const page = page_of(pageTable, start + s)
    let special = false
    for (let g = 0; g < G; g++)
      special = put_key(page, k + ((<usize>((g * S + s) * E)) << 2), start + s, g, E, half) || special
    if (half) store<u8>(mark_of(page, 0, start + s, G, E), u8(special))
  }
}

/** One head's key to its lane of the block of 8 tokens. Returns whether f16 has no number for one of the values. */
function put_key(page: usize, key: usize, t: i32, g: i32, E: i32, half: bool): bool {
  const block = keys_in_page(t, g, E)
  if (!half) {
    let to = page + ((block + <usize>(t & 7)) << 2)
    for (const end = key + ((<usize>E) << 2); key < end; key += 4, to += 32) store<u32>(to, load<u32>(key))
    return false
  }
  let special = i32x4.splat(0)
  let to = page + (block << 1) + place_of_lane(t & 7)
  for (let e = 0; e < E; e += 4, key += 16, to += 64) {
    const four = narrow4_f16(e + 4 <= E ? v128.load(key) : load_lanes(key, E - e))
    special = v128.or(special, specials(four))
    v128.store16_lane(to, four, 0)
    if (e + 1 < E) v128.store16_lane(to, four, 2, 16)
    if (e + 2 < E) v128.store16_lane(to, four, 4, 32)
    if (e + 3 < E) v128.store16_lane(to, four, 6, 48)
  }
  return v128.any_true(special)
}

export function store_v(pageTable: usize, v: usize, start: i32, G: i32, E: i32, from: i32, to: i32): void {
  for (let s = from; s < to; s++) {
    const page = page_of(pageTable, start + s)
    for (let g = 0; g < G; g++) {
      let value = v + ((<usize>((s * G + g) * E)) << 2)
      let at = page + (values_in_page(start + s, g, G, E) << 2)
      for (let e = 0; e < E; e += 8, value += 32, at += 32 * PAGE) memory.copy(at, value, (<usize>min(8, E - e)) << 2)
    }
  }
}

export function store_v_f16(pageTable: usize, v: usize, start: i32, G: i32, E: i32, from: i32, to: i32): void {
  for (let s = from; s < to; s++) {
    const page = page_of(pageTable, start + s)
    let special = i32x4.splat(0)
    for (let g = 0; g < G; g++) {
      let value = v + ((<usize>((s * G + g) * E)) << 2)
      let at = page + (values_in_page(start + s, g, G, E) << 1)
      for (let e = 0; e < E; e += 8, value += 32, at += 16 * PAGE) {
        const low = narrow4_f16(first4(value, E - e))
        const high = narrow4_f16(first4(value + 16, E - e - 4))
        special = v128.or(special, v128.or(specials(low), specials(high)))
        v128.store(at, v128.or(low, i32x4.shl(high, 16)))
      }
    }
    store<u8>(mark_of(page, 1, start + s, G, E), u8(v128.any_true(special)))
  }
}

/** The first of at most n values; zeros behind them. */
function first4(at: usize, n: i32): v128 {
  if (n >= 4) return v128.load(at)
  return n > 0 ? load_lanes(at, n) : i32x4.splat(0)
}

/** Lanes whose f16 is Infinity or NaN. */
function specials(halves: v128): v128 {
  return i32x4.ge_u(v128.and(halves, i32x4.splat(0x7fff)), i32x4.splat(0x7c00))
}
