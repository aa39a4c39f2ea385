// Online softmax over one page of keys, four rows (lanes) at a time: with m the largest score so far and l the sum of
// exp(score - m) so far,  m' = max(m, page),  w = exp(score - m'),  scale = exp(m - m'),  l' = l * scale + sum(w).
// Scores are multiplied by 1 / sqrt(E) here. The sum is one chain of at most 128 in rising key order.
// m starts at the lowest finite number: hidden scores are -Infinity, and exp(-Infinity - m) is 0 even before the first
// visible key. Hidden weights are written as -0, which exp never gives: mix_hidden knows them by it.
// A score that is NaN or +Infinity makes its row NaN; so does a row whose scores are all -Infinity (0 / 0 at the end).
// Source: Milakov & Gimelshein, arXiv 1805.02867. Twin: test/kernels/twins/attention.ts
import { exp_clamp4, exp_fraction4, exp_power4, exp_scale4 } from './exp4'

/** scores (keys)[4], replaced by weights; max, sum, scale: four values each. */
export function soften(scores: usize, keys: i32, factor: f32, max: usize, sum: usize, scale: usize): void {
  const end = scores + ((<usize>keys) << 4)
  const factors = f32x4.splat(factor)
  const before = v128.load(max)
  const now = f32x4.pmax(before, f32x4.mul(highest(scores, end), factors))
  let total = f32x4.splat(0)
  for (let at = scores; at < end; at += 16) {
    const x = exp_clamp4(f32x4.sub(f32x4.mul(v128.load(at), factors), now))
    const n = exp_power4(x)
    const weight = exp_scale4(exp_fraction4(x, n), n)
    v128.store(at, weight)
    total = f32x4.add(total, weight)
  }
  const x = exp_clamp4(f32x4.sub(before, now))
  const n = exp_power4(x)
  const faded = exp_scale4(exp_fraction4(x, n), n)
  v128.store(max, now)
  v128.store(scale, faded)
  v128.store(sum, f32x4.add(f32x4.mul(v128.load(sum), faded), total))
}

/** The largest score of each row; a NaN is passed over here and met again by exp. */
function highest(at: usize, end: usize): v128 {
  let high = f32x4.splat(-Infinity)
  for (; at < end; at += 16) high = f32x4.pmax(high, v128.load(at))
  return high
}

/** Writes `value` over the keys that a row does not see: key + i outside first..end of its lane, i < n. */
export function hide(scores: usize, n: i32, key: i32, first: usize, end: usize, value: f32): void {
  const from = v128.load(first)
  const to = v128.load(end)
  const hidden = f32x4.splat(value)
  for (let i = 0; i < n; i++, key++, scores += 16) {
    const index = i32x4.splat(key)
    const seen = v128.and(i32x4.ge_s(index, from), i32x4.lt_s(index, to))
    v128.store(scores, v128.bitselect(v128.load(scores), hidden, seen))
  }
}
