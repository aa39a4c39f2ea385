// How attention is cut. A unit is one group of heads (they share K and V) times one tile of queries: its rows are the
// R = H / G heads of the group for each query, query by query: row t * R + j. About 64 rows a unit, so that a page of K or
// V is read from memory once for 64 rows and the tile's own arrays stay in the second-level cache.
// Units are whole and a row's sums run over pages of 128 keys in order, so a row's bits depend neither on the number of
// threads nor on how many queries the pass has.
// A Tile lies at the start of a thread's scratch; its arrays follow, M = rows of a full tile rounded up to 4:
//   |Tile|queries M * E|scores M * 128|mixed M * E8|highest, sum, scale, first, end: M each|widened 128 * E8|
// One query's heads, up to 8, meet f16 as it lies; their queries stand there a second time, lifted (kv_f16.ts).
import { lift4 } from './kv_f16'
import { PAGE, round8 } from './kv_page'

const TILE_ROWS: i32 = 64
const TILE_BYTES: usize = 128

export class Tile {
  S: i32 = 0
  K: i32 = 0
  H: i32 = 0
  G: i32 = 0
  E: i32 = 0
  /** Group, heads of a group, first query and queries of the unit. */
  g: i32 = 0
  R: i32 = 0
  query: i32 = 0
  count: i32 = 0
  /** Rows as laid out: a multiple of 4. */
  rows: i32 = 0
  /** Keys that some row sees, the first one rounded down to a multiple of 8. */
  from: i32 = 0
  to: i32 = 0
  /** Groups of 4 rows: e=0 |r0 .. r3| e=1 .. */
  queries: usize = 0
  /** The same times 2^112; 0 where f16 is to be widened before use. */
  lifted: usize = 0
  /** Groups of 4 rows, PAGE keys each: key 0 |r0 .. r3| key 1 .. */
  scores: usize = 0
  /** (rows, E8) with E8 = E rounded up to 8. */
  mixed: usize = 0
  /** One word a row: largest score so far, sum of weights, what a page fades the earlier ones by; keys seen (i32). */
  highest: usize = 0
  sum: usize = 0
  scale: usize = 0
  first: usize = 0
  end: usize = 0
  /** K or V of a group and page in f32, as an f32 page has it. */
  widened: usize = 0
}

/** How many units `attention`, `attn_weights` and `attn_mix` have: their [from, to) lies in 0..this. */
export function attention_units(S: i32, H: i32, G: i32): i32 {
  return tiles_of(S, H / G) * G
}

/** Bytes of scratch a thread needs, whatever S and K are. */
export function attention_scratch_bytes(H: i32, G: i32, E: i32): i32 {
  const M = round4(tile_queries(H / G) * (H / G))
  return <i32>TILE_BYTES + 4 * (M * (E + PAGE + round8(E) + 5) + PAGE * round8(E))
}

/** Lays out the tile of a unit in the scratch. */
export function open_tile(scratch: usize, unit: i32, S: i32, K: i32, H: i32, G: i32, E: i32): Tile {
  const tile = changetype<Tile>(scratch)
  const R = H / G
  const queries = tile_queries(R)
  tile.S = S
  tile.K = K
  tile.H = H
  tile.G = G
  tile.E = E
  tile.R = R
  tile.g = unit / tiles_of(S, R)
  tile.query = (unit % tiles_of(S, R)) * queries
  tile.count = min(queries, S - tile.query)
  tile.rows = round4(tile.count * R)
  const M = (<usize>round4(queries * R)) << 2
  tile.queries = scratch + TILE_BYTES
  tile.scores = tile.queries + M * <usize>E
  tile.mixed = tile.scores + M * PAGE
  tile.highest = tile.mixed + M * <usize>round8(E)
  tile.sum = tile.highest + M
  tile.scale = tile.sum + M
  tile.first = tile.scale + M
  tile.end = tile.first + M
  tile.widened = tile.end + M
  return tile
}

/** Which keys each row sees. The window counts tokens. Mask 0: all keys; 1: causal, the last `window` of them (0: all). */
export function set_ranges(tile: Tile, mask: i32, window: i32): void {
  for (let r = 0; r < tile.rows; r++) {
    const position = tile.K - tile.S + tile.query + min(r / tile.R, tile.count - 1)
    const row = (<usize>r) << 2
    store<i32>(tile.first + row, mask === 0 || window === 0 ? 0 : max(0, position - window + 1))
    store<i32>(tile.end + row, mask === 0 ? tile.K : position + 1)
  }
  tile.from = load<i32>(tile.first) & ~7
  tile.to = load<i32>(tile.end + ((<usize>(tile.rows - 1)) << 2))
}

/** Copies the tile's rows of q (H, S, E) into groups; rows behind the last are zero. */
export function pack_queries(tile: Tile, q: usize): void {
  const E = tile.E
  for (let r = 0; r < tile.rows; r++) {
    let to = tile.queries + ((<usize>((r & ~3) * E + (r & 3))) << 2)
    const head = tile.g * tile.R + (r % tile.R)
    const from = q + ((<usize>(head * tile.S + tile.query + r / tile.R) * <usize>E) << 2)
    const real = r < tile.count * tile.R
    for (let e = 0; e < E; e++, to += 16) store<f32>(to, real ? load<f32>(from + ((<usize>e) << 2)) : 0)
  }
}

/** Fills `lifted` where that can be done: there is room for 8 rows, and beyond 2^15 a query would become Infinity. */
export function lift_queries(tile: Tile): void {
  tile.lifted = 0
  if (tile.count > 1 || tile.rows > 8) return
  const bytes = (<usize>(tile.rows * tile.E)) << 2
  const end = tile.queries + bytes
  const lift = lift4()
  const most = f32x4.splat(32768)
  for (let from = tile.queries; from < end; from += 16) {
    const x = v128.load(from)
    if (!i32x4.all_true(f32x4.lt(f32x4.abs(x), most))) return
    v128.store(from + bytes, f32x4.mul(x, lift))
  }
  tile.lifted = end
}

/** Where row r of the tile stands in an array (S, H * E), in values. */
export function place_of(tile: Tile, r: i32): usize {
  const head = tile.g * tile.R + (r % tile.R)
  return <usize>((tile.query + r / tile.R) * tile.H + head) * <usize>tile.E
}

function round4(n: i32): i32 {
  return (n + 3) & ~3
}

/** Queries of a full tile. */
function tile_queries(R: i32): i32 {
  return max(1, TILE_ROWS / R)
}

function tiles_of(S: i32, R: i32): i32 {
  const queries = tile_queries(R)
  return (S + queries - 1) / queries
}
