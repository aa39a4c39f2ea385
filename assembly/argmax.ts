// argmax: the lowest index of the largest of x[0..n), as torch.argmax on a CPU; -1 where a score is NaN or +Infinity, or
// where all are -Infinity: there is no token to choose. Comparisons only, so both builds agree to the bit.
// Loop: one pass in rising index; a vector of four is looked at one by one only when it can change the answer.
// Twin: test/kernels/twins/choose.ts
export function argmax(x: usize, n: i32): i32 {
  let best: i32 = -1
  let high: f32 = -Infinity
  let i: i32 = 0
  while (i < n) {
    if (i + 4 <= n && !v128.any_true(v128.not(f32x4.le(v128.load(x + ((<usize>i) << 2)), f32x4.splat(high))))) {
      i += 4
      continue
    }
    const end = min(i + 4, n)
    for (; i < end; i++) {
      const score = load<f32>(x + ((<usize>i) << 2))
      if (!(score < Infinity)) return -1
      if (score > high) {
        high = score
        best = i
      }
    }
  }
  return best
}
