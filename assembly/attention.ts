// attention: out (S, H * E) = softmax over the visible keys of q . K / sqrt(E), times V; heads side by side, head h reads
// group h / (H / G). Fused and online: scores exist for one tile of rows and one page of keys, never as (H, S, K).
//   q (H, S, E); K and V in the layer's pages (kv_page.ts); K keys in all, of which the pass's own are the last S
//   mask 0: every query sees all K. 1: query s sees keys up to K - S + s, and of these the last `window` (0: all)
// Loops: units [from, to) (attention_tile.ts), pages that the tile sees; on a page score_block, soften, mix_block.
// Sums: over E in chains of at most 256, over keys in chains of at most 128, pages added in order. 1 / sqrt(E) is one f32
// factor. Relaxed: the products of q . K and of weights . V may be fused with their sums.
// A query row becomes NaN where it meets a score that is NaN or +Infinity, or where all its scores are -Infinity; a single
// -Infinity weighs nothing. From V, NaN and Infinity spread in their column. Hidden rows are never felt.
// Twin: test/kernels/twins/attention.ts
import { mix_block } from './attention_mix'
import { score_block } from './attention_scores'
import { hide, soften } from './attention_softmax'
import { lift_queries, open_tile, pack_queries, place_of, set_ranges, Tile } from './attention_tile'
import { any_mark, lift4, mark_of, widen_eight } from './kv_f16'
import { keys_in_page, PAGE, page_of, round8, values_in_page } from './kv_page'

/** scratch: attention_scratch_bytes(H, G, E), private to the thread. */
export function attention(
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
    attend(open_tile(scratch, unit, S, K, H, G, E), out, q, pageTable, mask, window, false)
}

/** The same with K and V in f16 pages; a page is widened to f32 before use where there are many rows, NaN or Infinity. */
export function attention_f16(
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
    attend(open_tile(scratch, unit, S, K, H, G, E), out, q, pageTable, mask, window, true)
}

function attend(tile: Tile, out: usize, q: usize, pageTable: usize, mask: i32, window: i32, half: bool): void {
  pack_queries(tile, q)
  set_ranges(tile, mask, window)
  if (half) lift_queries(tile)
  start(tile)
  const factor: f32 = <f32>(1 / sqrt<f64>(<f64>tile.E))
  for (let key = tile.from, n: i32 = 0; key < tile.to; key += n) {
    const at = key % PAGE
    n = min(PAGE - at, tile.to - key)
    const page = page_of(pageTable, key)
    if (half && as_it_lies(tile, page, 0, key, n))
      score_block<u16>(tile, tile.lifted, page + (keys_in_page(key, tile.g, tile.E) << 1), at, n)
    else score_block<f32>(tile, tile.queries, keys_of(tile, page, key, n, half), at, n)
    soften_block(tile, key, n, factor)
    if (half && as_it_lies(tile, page, 1, key, n)) {
      lift_weights(tile, key, n)
      mix_block<u16>(tile, page + (values_in_page(key, tile.g, tile.G, tile.E) << 1), key, n)
    } else mix_block<f32>(tile, values_of(tile, page, key, n, half), key, n)
  }
  finish(tile, out)
}

/** Whether the f16 of n tokens can be used without widening. */
function as_it_lies(tile: Tile, page: usize, part: i32, key: i32, n: i32): bool {
  return tile.lifted !== 0 && !any_mark(mark_of(page, part, key, tile.G, tile.E), n)
}

/** K of n tokens from token `key`, a multiple of 8, in f32: in the page itself, or widened. */
export function keys_of(tile: Tile, page: usize, key: i32, n: i32, half: bool): usize {
  const at = keys_in_page(key, tile.g, tile.E)
  if (!half) return page + (at << 2)
  widen(tile.widened, page + (at << 1), ((n + 7) >> 3) * tile.E)
  return tile.widened
}

/** V of the same tokens. */
export function values_of(tile: Tile, page: usize, key: i32, n: i32, half: bool): usize {
  const at = values_in_page(key, tile.g, tile.G, tile.E)
  if (!half) return page + (at << 2)
  for (let e: usize = 0; e < <usize>(round8(tile.E) * PAGE); e += 8 * PAGE)
    widen(tile.widened + (e << 2), page + ((at + e) << 1), n)
  return tile.widened
}

/** Vectors of eight. */
function widen(to: usize, from: usize, vectors: i32): void {
  for (const end = from + ((<usize>vectors) << 4); from < end; from += 16, to += 32) widen_eight(to, from)
}

function lift_weights(tile: Tile, key: i32, n: i32): void {
  const lift = lift4()
  for (let r = 0; r < tile.rows; r += 4) {
    let at = tile.scores + ((<usize>(r * PAGE + (key % PAGE) * 4)) << 2)
    for (const end = at + ((<usize>n) << 4); at < end; at += 16) v128.store(at, f32x4.mul(v128.load(at), lift))
  }
}

function start(tile: Tile): void {
  const bytes = (<usize>tile.rows) << 2
  memory.fill(tile.mixed, 0, bytes * <usize>round8(tile.E))
  memory.fill(tile.sum, 0, bytes)
  for (let r: usize = 0; r < bytes; r += 4) store<f32>(tile.highest + r, -f32.MAX_VALUE)
}

function soften_block(tile: Tile, key: i32, n: i32, factor: f32): void {
  const bytes = (<usize>tile.rows) << 2
  for (let r: usize = 0; r < bytes; r += 16) {
    const scores = tile.scores + r * PAGE + ((<usize>(key % PAGE)) << 4)
    const late = i32x4.gt_s(v128.load(tile.first + r), i32x4.splat(key))
    const early = i32x4.lt_s(v128.load(tile.end + r), i32x4.splat(key + n))
    const some = v128.any_true(v128.or(late, early))
    if (some) hide(scores, n, key, tile.first + r, tile.end + r, -Infinity)
    soften(scores, n, factor, tile.highest + r, tile.sum + r, tile.scale + r)
    if (some) hide(scores, n, key, tile.first + r, tile.end + r, -0.0)
  }
}

/** out = mixed / sum. */
function finish(tile: Tile, out: usize): void {
  const bytes = (<usize>tile.E) << 2
  for (let r = 0; r < tile.count * tile.R; r++) {
    const sum = v128.load32_splat(tile.sum + ((<usize>r) << 2))
    const from = tile.mixed + ((<usize>(r * round8(tile.E))) << 2)
    const to = out + (place_of(tile, r) << 2)
    for (let e: usize = 0; e < bytes; e += 16) v128.store(to + e, f32x4.div(v128.load(from + e), sum))
  }
}
