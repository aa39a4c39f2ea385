// rms_norm: out[r] = x[r] * (1 / sqrt(mean(x[r]^2) + eps)) * weight for rows r in [from, to). x, out (rows, D), weight (D).
// f32 throughout, rounded after each step as PyTorch does: squares, mean, scale, x * scale, times weight. `out` may be `x`.
// Sum of squares: blocks of 128 in four lanes, element d in lane d % 4 (the tail too), block sums added in order, then
// (l0 + l1) + (l2 + l3). Four blocks run side by side, because one chain would wait for every addition; their order of
// adding is that of the blocks. Multiply and add are not fused: both builds give the same bits.
// NaN or Infinity in a row makes that row NaN, or 0 where x is finite beside an Infinity; squares beyond f32 give 0.
// Twin: test/kernels/twins/rms-norm.ts
import { load_lanes, store_lanes } from './lanes'

export function rms_norm(out: usize, x: usize, weight: usize, D: i32, eps: f32, from: i32, to: i32): void {
  const bytes = (<usize>D) << 2
  for (let r = from; r < to; r++) {
    const row = x + <usize>r * bytes
    const scale: f32 = <f32>1 / sqrt<f32>(sum_squares(row, D) / <f32>D + eps)
    normalise(out + <usize>r * bytes, row, weight, D, scale)
  }
}

function sum_squares(x: usize, D: i32): f32 {
  let total = f32x4.splat(0)
  let d: i32 = 0
  for (; d + 512 <= D; d += 512, x += 2048) {
    let a = f32x4.splat(0)
    let b = f32x4.splat(0)
    let c = f32x4.splat(0)
    let e = f32x4.splat(0)
    for (let at: usize = x, end: usize = x + 512; at < end; at += 16) {
      a = f32x4.add(a, square4(v128.load(at)))
      b = f32x4.add(b, square4(v128.load(at, 512)))
      c = f32x4.add(c, square4(v128.load(at, 1024)))
      e = f32x4.add(e, square4(v128.load(at, 1536)))
    }
    total = f32x4.add(f32x4.add(f32x4.add(f32x4.add(total, a), b), c), e)
  }
  for (; d < D; d += 128, x += 512) {
    let block = f32x4.splat(0)
    const n = min(128, D - d)
    let at = x
    for (let i = 4; i <= n; i += 4, at += 16) block = f32x4.add(block, square4(v128.load(at)))
    if (n & 3) block = f32x4.add(block, square4(load_lanes(at, n & 3)))
    total = f32x4.add(total, block)
  }
  const low = f32x4.extract_lane(total, 0) + f32x4.extract_lane(total, 1)
  return low + (f32x4.extract_lane(total, 2) + f32x4.extract_lane(total, 3))
}

function square4(x: v128): v128 {
  return f32x4.mul(x, x)
}

function normalise(out: usize, x: usize, weight: usize, D: i32, scale: f32): void {
  const scales = f32x4.splat(scale)
  const end = (<usize>D) << 2
  let at: usize = 0
  for (; at + 16 <= end; at += 16)
    v128.store(out + at, f32x4.mul(f32x4.mul(v128.load(x + at), scales), v128.load(weight + at)))
  if (at === end) return
  const n = D & 3
  store_lanes(out + at, f32x4.mul(f32x4.mul(load_lanes(x + at, n), scales), load_lanes(weight + at, n)), n)
}
