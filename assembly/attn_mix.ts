// attn_mix: out (S, H * E) = weights (H, S, K) times V in the layer's pages, heads side by side: attention's second half,
// for when the weights are looked at or given. Units as in attention.ts; there is no mask here: every weight counts, so
// 0 * NaN is NaN. Loops: units, pages; the weights of a page are laid out as attention's, then mix_block.
// Sums: chains of at most 128 keys in rising order, pages added in order. Twin: test/kernels/twins/attention.ts

import { values_of } from './attention'
import { mix_block } from './attention_mix'
import { open_tile, place_of, set_ranges, Tile } from './attention_tile'
import { weights_row } from './attn_weights'
import { PAGE, page_of, round8 } from './kv_page'

export function attn_mix(
  out: usize,
  weights: usize,
  pageTable: usize,
  S: i32,
  K: i32,
  H: i32,
  G: i32,
  E: i32,
  from: i32,
  to: i32,
  scratch: usize,
): void {
  for (let unit = from; unit < to; unit++) mix(open_tile(scratch, unit, S, K, H, G, E), out, weights, pageTable, false)
}

/** The same with V in f16 pages. */
export function attn_mix_f16(
  out: usize,
  weights: usize,
  pageTable: usize,
  S: i32,
  K: i32,
  H: i32,
  G: i32,
  E: i32,
  from: i32,
  to: i32,
  scratch: usize,
): void {
  for (let unit = from; unit < to; unit++) mix(open_tile(scratch, unit, S, K, H, G, E), out, weights, pageTable, true)
}

function mix(tile: Tile, out: usize, weights: usize, pageTable: usize, half: bool): void {
  set_ranges(tile, 0, 0)
  memory.fill(tile.mixed, 0, (<usize>(tile.rows * round8(tile.E))) << 2)
  for (let r: usize = 0; r < <usize>tile.rows; r++) store<f32>(tile.scale + (r << 2), 1)
  for (let key = 0; key < tile.K; key += PAGE) {
    const n = min(PAGE, tile.K - key)
    gather_weights(tile, weights, key, n)
    mix_block<f32>(tile, values_of(tile, page_of(pageTable, key), key, n, half), key, n)
  }
  const bytes = (<usize>tile.E) << 2
  for (let r = 0; r < tile.count * tile.R; r++)
    memory.copy(out + (place_of(tile, r) << 2), tile.mixed + ((<usize>(r * round8(tile.E))) << 2), bytes)
}

/** Weights of n keys from token `key` on, in groups of 4 rows; rows behind the last are 0. */
function gather_weights(tile: Tile, weights: usize, key: i32, n: i32): void {
  for (let r = 0; r < tile.rows; r++) {
    const real = r < tile.count * tile.R
    let from = weights_row(tile, weights, r) + ((<usize>key) << 2)
    let to = tile.scores + ((<usize>((r >> 2) * 4 * PAGE + (r & 3))) << 2)
    for (let i = 0; i < n; i++, from += 4, to += 16) store<f32>(to, real ? load<f32>(from) : 0)
  }
}
