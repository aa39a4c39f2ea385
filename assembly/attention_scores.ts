// score_block: scores[row, key] = q[row] . K[key] for a tile of query rows and n keys of a page.
// Lanes hold rows, so softmax needs no sums across lanes and K is read as it lies: one value at a time, spread over the
// lanes (layouts: Tile). Loops: panels of 8 rows, 4 keys, e; when the tile has 4 rows, 8 keys of 4. The 8 sums of such a
// block are chains over at most 256 of e in rising order; a larger E adds block sums in order.
// A decoding step has a few rows and reads the cache at the speed of memory, and 8 rows at once are a pattern that no
// prefetcher knows: so the rows of a step are touched in order just before it, K's for itself and V's for mix_block.
// Tail: up to 7 keys behind the last are computed from whatever lies there and never looked at.
// Twin: test/kernels/twins/attention.ts
import { Tile } from './attention_tile'
import { PAGE } from './kv_page'
import { madd } from './madd'

const CHAIN: i32 = 256

/** keys: K of the first of the n keys, which is the page's row `at`, a multiple of 8; values: its V, or 0 to touch nothing. */
export function score_block(tile: Tile, keys: usize, values: usize, at: i32, n: i32): void {
  const E = tile.E
  const stride = (<usize>E) << 2
  const narrow = tile.rows === 4
  const width = narrow ? 4 : 8
  const step = narrow ? 8 : 4
  for (let r = 0; r < tile.rows; r += width)
    for (let e = 0; e < E; e += CHAIN) {
      const q = tile.queries + ((<usize>(r * E + e * width)) << 2)
      const k = keys + ((<usize>e) << 2)
      const out = tile.scores + ((<usize>(r * PAGE + at * 4)) << 2)
      const chain = min(CHAIN, E - e)
      for (let i = 0; i < n; i += step) {
        const to = out + ((<usize>i) << 4)
        if (values !== 0)
          tile.touched = touch(keys, stride, i, min(i + step, n)) | touch(values, stride, i, min(i + step, n))
        if (narrow) score_narrow(to, q, k + <usize>i * stride, stride, chain, e > 0)
        else score_wide(to, q, k + <usize>i * stride, stride, chain, e > 0)
      }
    }
}

/** Reads a word of every cache line of rows [from, to). */
function touch(rows: usize, stride: usize, from: i32, to: i32): u32 {
  let words: u32 = 0
  const end = rows + <usize>to * stride
  for (let at = rows + <usize>from * stride; at < end; at += 64) words |= load<u32>(at)
  return words
}

/** 4 keys x 8 rows. */
function score_wide(out: usize, q: usize, k0: usize, stride: usize, chain: i32, more: bool): void {
  let k1 = k0 + stride
  let k2 = k1 + stride
  let k3 = k2 + stride
  let a0 = f32x4.splat(0)
  let a1 = a0
  let b0 = a0
  let b1 = a0
  let c0 = a0
  let c1 = a0
  let d0 = a0
  let d1 = a0
  for (const end = k0 + ((<usize>chain) << 2); k0 < end; k0 += 4, k1 += 4, k2 += 4, k3 += 4, q += 32) {
    const low = v128.load(q)
    const high = v128.load(q, 16)
    let key = v128.load32_splat(k0)
    a0 = madd(key, low, a0)
    a1 = madd(key, high, a1)
    key = v128.load32_splat(k1)
    b0 = madd(key, low, b0)
    b1 = madd(key, high, b1)
    key = v128.load32_splat(k2)
    c0 = madd(key, low, c0)
    c1 = madd(key, high, c1)
    key = v128.load32_splat(k3)
    d0 = madd(key, low, d0)
    d1 = madd(key, high, d1)
  }
  put4(out, a0, b0, c0, d0, more)
  put4(out + ((<usize>PAGE) << 4), a1, b1, c1, d1, more)
}

/** 8 keys x 4 rows. */
function score_narrow(out: usize, q: usize, k: usize, stride: usize, chain: i32, more: bool): void {
  const s2 = stride * 2
  const s3 = stride * 3
  let a = f32x4.splat(0)
  let b = a
  let c = a
  let d = a
  let e = a
  let f = a
  let g = a
  let h = a
  let far = k + stride * 4
  for (const end = k + ((<usize>chain) << 2); k < end; k += 4, far += 4, q += 16) {
    const row = v128.load(q)
    a = madd(v128.load32_splat(k), row, a)
    b = madd(v128.load32_splat(k + stride), row, b)
    c = madd(v128.load32_splat(k + s2), row, c)
    d = madd(v128.load32_splat(k + s3), row, d)
    e = madd(v128.load32_splat(far), row, e)
    f = madd(v128.load32_splat(far + stride), row, f)
    g = madd(v128.load32_splat(far + s2), row, g)
    h = madd(v128.load32_splat(far + s3), row, h)
  }
  put4(out, a, b, c, d, more)
  put4(out + 64, e, f, g, h, more)
}

/** Writes four neighbouring keys of a group of 4 rows, or adds to them. */
function put4(out: usize, a: v128, b: v128, c: v128, d: v128, more: bool): void {
  if (more) {
    a = f32x4.add(v128.load(out), a)
    b = f32x4.add(v128.load(out, 16), b)
    c = f32x4.add(v128.load(out, 32), c)
    d = f32x4.add(v128.load(out, 48), d)
  }
  v128.store(out, a)
  v128.store(out, b, 16)
  v128.store(out, c, 32)
  v128.store(out, d, 48)
}
