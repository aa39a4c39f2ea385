// attn_weights: out (H, S, K) = softmax over the visible keys of q . K / sqrt(E), 0 where hidden: attention's first half,
// for when somebody wants to see it. Arguments and units as in attention.ts; out rows are [unit's heads and queries].
// Loops: units, pages; score_block, then each row of scores goes to its place in out; then row by row the softmax, in
// lanes of 4 keys. Sums of a row: blocks of 128 from its first visible key in four lanes, key i in lane i % 4, block sums
// in order, then (l0 + l1) + (l2 + l3). So its bits are not those inside `attention`, which adds key by key.
// NaN and Infinity as in attention: the row's visible weights become NaN. Twin: test/kernels/twins/attention.ts

import { keys_of } from './attention'
import { score_block } from './attention_scores'
import { open_tile, pack_queries, set_ranges, Tile } from './attention_tile'
import { exp_clamp4, exp_fraction4, exp_power4, exp_scale4 } from './exp4'
import { PAGE, page_of } from './kv_page'
import { load_lanes, store_lanes } from './lanes'

export function attn_weights(
  out: usize,
  q: usize,
  pageTable: usize,
  S: i32,
  K: i32,
  H: i32,
  G: i32,
  E: i32,
  mask: i32,
  window: i32,
  from: i32,
  to: i32,
  scratch: usize,
): void {
  for (let unit = from; unit < to; unit++)
    weigh(open_tile(scratch, unit, S, K, H, G, E), out, q, pageTable, mask, window, false)
}

/** The same with K in f16 pages. */
export function attn_weights_f16(
  out: usize,
  q: usize,
  pageTable: usize,
  S: i32,
  K: i32,
  H: i32,
  G: i32,
  E: i32,
  mask: i32,
  window: i32,
  from: i32,
  to: i32,
  scratch: usize,
): void {
  for (let unit = from; unit < to; unit++)
    weigh(open_tile(scratch, unit, S, K, H, G, E), out, q, pageTable, mask, window, true)
}

function weigh(tile: Tile, out: usize, q: usize, pageTable: usize, mask: i32, window: i32, half: bool): void {
  pack_queries(tile, q)
  set_ranges(tile, mask, window)
  for (let key = tile.from, n: i32 = 0; key < tile.to; key += n) {
    const at = key % PAGE
    n = min(PAGE - at, tile.to - key)
    score_block<f32>(tile, tile.queries, keys_of(tile, page_of(pageTable, key), key, n, half), at, n)
    spread(tile, out, key, n)
  }
  const factor: f32 = <f32>(1 / sqrt<f64>(<f64>tile.E))
  for (let r = 0; r < tile.count * tile.R; r++) {
    const row = weights_row(tile, out, r)
    const first = load<i32>(tile.first + ((<usize>r) << 2))
    const end = load<i32>(tile.end + ((<usize>r) << 2))
    memory.fill(row, 0, (<usize>first) << 2)
    memory.fill(row + ((<usize>end) << 2), 0, (<usize>(tile.K - end)) << 2)
    soften_row(row + ((<usize>first) << 2), end - first, factor)
  }
}

/** Where the K weights of row r of the tile stand. */
export function weights_row(tile: Tile, weights: usize, r: i32): usize {
  const head = tile.g * tile.R + (r % tile.R)
  return weights + ((<usize>(head * tile.S + tile.query + r / tile.R) * <usize>tile.K) << 2)
}

/** The scores of n keys from token `key` on to their rows of out. */
function spread(tile: Tile, out: usize, key: i32, n: i32): void {
  for (let r = 0; r < tile.count * tile.R; r++) {
    let from = tile.scores + ((<usize>((r >> 2) * 4 * PAGE + (key % PAGE) * 4 + (r & 3))) << 2)
    let to = weights_row(tile, out, r) + ((<usize>key) << 2)
    for (let i = 0; i < n; i++, from += 16, to += 4) store<f32>(to, load<f32>(from))
  }
}

/** Scores x[0..n) to weights, in place. */
function soften_row(x: usize, n: i32, factor: f32): void {
  const factors = f32x4.splat(factor)
  const highest = f32x4.splat(row_highest(x, n) * factor)
  let total = f32x4.splat(0)
  for (let block = 0; block < n; block += PAGE) {
    let sum = f32x4.splat(0)
    const end = min(block + PAGE, n)
    for (let i = block; i < end; i += 4) {
      const at = x + ((<usize>i) << 2)
      if (i + 4 <= end) {
        const weight = weight4(v128.load(at), factors, highest)
        v128.store(at, weight)
        sum = f32x4.add(sum, weight)
      } else {
        const weight = weight4(load_lanes(at, end - i), factors, highest)
        store_lanes(at, weight, end - i)
        sum = f32x4.add(sum, first_lanes(weight, end - i))
      }
    }
    total = f32x4.add(total, sum)
  }
  const low = f32x4.extract_lane(total, 0) + f32x4.extract_lane(total, 1)
  divide_row(x, n, f32x4.splat(low + (f32x4.extract_lane(total, 2) + f32x4.extract_lane(total, 3))))
}

function weight4(scores: v128, factors: v128, highest: v128): v128 {
  const x = exp_clamp4(f32x4.sub(f32x4.mul(scores, factors), highest))
  const n = exp_power4(x)
  return exp_scale4(exp_fraction4(x, n), n)
}

/** NaN is passed over here and met again by exp. */
function row_highest(x: usize, n: i32): f32 {
  let high: f32 = -Infinity
  for (let i = 0; i < n; i++) {
    const score = load<f32>(x + ((<usize>i) << 2))
    if (score > high) high = score
  }
  return high
}

function first_lanes(x: v128, n: i32): v128 {
  x = i32x4.replace_lane(x, 3, 0)
  if (n < 3) x = i32x4.replace_lane(x, 2, 0)
  if (n < 2) x = i32x4.replace_lane(x, 1, 0)
  return x
}

function divide_row(x: usize, n: i32, by: v128): void {
  let i: i32 = 0
  for (; i + 4 <= n; i += 4, x += 16) v128.store(x, f32x4.div(v128.load(x), by))
  if (i < n) store_lanes(x, f32x4.div(load_lanes(x, n - i), by), n - i)
}
