// score_block: scores[row, key] = q[row] . K[key] for a tile of query rows and n keys of a page, where T is how K lies: f32,
// or u16 for f16 (kv_f16.ts), whose query rows are lifted.
// Loops: blocks of 8 keys, which lie side by side; groups of 4 rows; e. Lanes hold keys, the 8 sums of such a block are
// chains over at most 256 of e in rising order; a larger E adds block sums in order. At the end lanes and rows change
// places, since softmax adds up neither in lanes. K is read once, in the order in which it lies.
// Tail: up to 7 keys behind the last are computed from whatever lies there and never looked at.
// Twin: test/kernels/twins/attention.ts
import { Tile } from './attention_tile'
import { kept4, sunk_high, sunk_low } from './kv_f16'
import { PAGE } from './kv_page'
import { madd } from './madd'

const CHAIN: i32 = 256

/** queries: as packed in the tile; keys: K of the first of the n keys, which is the page's row `at`, a multiple of 8. */
export function score_block<T>(tile: Tile, queries: usize, keys: usize, at: i32, n: i32): void {
  const E = tile.E
  for (let i = 0; i < n; i += 8) {
    const block = keys + <usize>(i * E) * sizeof<T>()
    for (let r = 0; r < tile.rows; r += 4) {
      const to = tile.scores + ((<usize>(r * PAGE + (at + i) * 4)) << 2)
      for (let e = 0; e < E; e += CHAIN)
        score_eight<T>(
          to,
          queries + ((<usize>(r * E + e * 4)) << 2),
          block + ((<usize>e) << 3) * sizeof<T>(),
          min(CHAIN, E - e),
          e > 0,
        )
    }
  }
}

/** 4 rows x 8 keys. */
function score_eight<T>(out: usize, q: usize, k: usize, chain: i32, more: bool): void {
  const kept = kept4()
  let a0 = f32x4.splat(0)
  let a1 = a0
  let b0 = a0
  let b1 = a0
  let c0 = a0
  let c1 = a0
  let d0 = a0
  let d1 = a0
  for (const end = q + ((<usize>chain) << 4); q < end; q += 16, k += 8 * sizeof<T>()) {
    const eight = v128.load(k)
    const low = sizeof<T>() === 2 ? sunk_low(eight, kept) : eight
    const high = sizeof<T>() === 2 ? sunk_high(eight, kept) : v128.load(k, 16)
    let row = v128.load32_splat(q)
    a0 = madd(low, row, a0)
    a1 = madd(high, row, a1)
    row = v128.load32_splat(q, 4)
    b0 = madd(low, row, b0)
    b1 = madd(high, row, b1)
    row = v128.load32_splat(q, 8)
    c0 = madd(low, row, c0)
    c1 = madd(high, row, c1)
    row = v128.load32_splat(q, 12)
    d0 = madd(low, row, d0)
    d1 = madd(high, row, d1)
  }
  put4(out, a0, b0, c0, d0, more)
  put4(out + 64, a1, b1, c1, d1, more)
}

/** Writes four keys of a group of 4 rows, |r0 .. r3| each, or adds to them; a to d are the rows. */
function put4(out: usize, a: v128, b: v128, c: v128, d: v128, more: bool): void {
  const ab = i32x4.shuffle(a, b, 0, 4, 1, 5)
  const cd = i32x4.shuffle(c, d, 0, 4, 1, 5)
  const far_ab = i32x4.shuffle(a, b, 2, 6, 3, 7)
  const far_cd = i32x4.shuffle(c, d, 2, 6, 3, 7)
  put(out, i64x2.shuffle(ab, cd, 0, 2), more)
  put(out + 16, i64x2.shuffle(ab, cd, 1, 3), more)
  put(out + 32, i64x2.shuffle(far_ab, far_cd, 0, 2), more)
  put(out + 48, i64x2.shuffle(far_ab, far_cd, 1, 3), more)
}

function put(out: usize, x: v128, more: bool): void {
  v128.store(out, more ? f32x4.add(v128.load(out), x) : x)
}
