// mix_block: mixed[row] = mixed[row] * scale[row] + sum over keys i < n of weights[row, i] * V[i], for a tile of rows, where
// T is how V lies: f32, or u16 for f16 (kv_f16.ts), whose weights are lifted.
// Loops: panels of 8 columns, groups of 4 rows, keys. Lanes hold columns, the 8 sums of a tile are chains of at most 128
// products in rising key order. V is read in the order in which it lies. Columns from E to E8 are never looked at.
// Where a page has hidden keys, a group of 4 rows that see the same ones (the heads of one query) runs over these alone;
// in a mixed group the products of hidden weights, marked as -0, are dropped. So a NaN in V stays with those who see it.
// Twin: test/kernels/twins/attention.ts
import { Tile } from './attention_tile'
import { kept4, sunk_high, sunk_low } from './kv_f16'
import { PAGE, round8 } from './kv_page'
import { madd } from './madd'

/** values: V of the first of the n keys, which is token `key`. For f16 all rows see the same keys. */
export function mix_block<T>(tile: Tile, values: usize, key: i32, n: i32): void {
  const wide = (<usize>round8(tile.E)) << 2
  const weights = tile.scores + ((<usize>(key % PAGE)) << 4)
  const step = 8 * sizeof<T>()
  for (let e: usize = 0; e < wide; e += 32, values += step * PAGE)
    for (let r = 0; r < tile.rows; r += 4) {
      const row = (<usize>r) << 2
      const out = tile.mixed + <usize>r * wide + e
      const w = weights + row * PAGE
      const scale = tile.scale + row
      if (sizeof<T>() === 4 && !(same_lanes(tile.first + row) && same_lanes(tile.end + row))) {
        mix_hidden(out, wide, w, values, scale, n)
        continue
      }
      const from = max(0, load<i32>(tile.first + row) - key)
      const to = min(n, load<i32>(tile.end + row) - key)
      mix_seen<T>(out, wide, w + ((<usize>from) << 4), values + <usize>from * step, scale, max(0, to - from))
    }
}

function same_lanes(at: usize): bool {
  const lanes = v128.load(at)
  return i32x4.all_true(i32x4.eq(lanes, i32x4.splat(i32x4.extract_lane(lanes, 0))))
}

/** 4 rows x 8 columns. */
function mix_seen<T>(out: usize, wide: usize, w: usize, v: usize, scale: usize, n: i32): void {
  const kept = kept4()
  let a0 = f32x4.splat(0)
  let a1 = a0
  let b0 = a0
  let b1 = a0
  let c0 = a0
  let c1 = a0
  let d0 = a0
  let d1 = a0
  for (const end = w + ((<usize>n) << 4); w < end; w += 16, v += 8 * sizeof<T>()) {
    const eight = v128.load(v)
    const low = sizeof<T>() === 2 ? sunk_low(eight, kept) : eight
    const high = sizeof<T>() === 2 ? sunk_high(eight, kept) : v128.load(v, 16)
    let weight = v128.load32_splat(w)
    a0 = madd(weight, low, a0)
    a1 = madd(weight, high, a1)
    weight = v128.load32_splat(w, 4)
    b0 = madd(weight, low, b0)
    b1 = madd(weight, high, b1)
    weight = v128.load32_splat(w, 8)
    c0 = madd(weight, low, c0)
    c1 = madd(weight, high, c1)
    weight = v128.load32_splat(w, 12)
    d0 = madd(weight, low, d0)
    d1 = madd(weight, high, d1)
  }
  put_row(out, v128.load32_splat(scale), a0, a1)
  put_row(out + wide, v128.load32_splat(scale, 4), b0, b1)
  put_row(out + wide * 2, v128.load32_splat(scale, 8), c0, c1)
  put_row(out + wide * 3, v128.load32_splat(scale, 12), d0, d1)
}

/** The same for four rows that see different keys, a row at a time. */
function mix_hidden(out: usize, wide: usize, w: usize, v: usize, scale: usize, n: i32): void {
  const mark = f32x4.splat(-0.0)
  for (let r = 0; r < 4; r++, w += 4, out += wide, scale += 4) {
    let low = f32x4.splat(0)
    let high = low
    for (let i: usize = 0; i < <usize>n; i++) {
      const weight = v128.load32_splat(w + (i << 4))
      const seen = i32x4.ne(weight, mark)
      const key = v + (i << 5)
      low = madd_seen(weight, v128.load(key), low, seen)
      high = madd_seen(weight, v128.load(key, 16), high, seen)
    }
    put_row(out, v128.load32_splat(scale), low, high)
  }
}

/** madd, or the sum as it was where `seen` is 0. */
function madd_seen(a: v128, b: v128, sum: v128, seen: v128): v128 {
  return v128.bitselect(madd(a, b, sum), sum, seen)
}

function put_row(out: usize, scale: v128, low: v128, high: v128): void {
  v128.store(out, f32x4.add(f32x4.mul(v128.load(out), scale), low))
  v128.store(out, f32x4.add(f32x4.mul(v128.load(out, 16), scale), high), 16)
}
