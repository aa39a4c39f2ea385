// top_k: out (2, count) = the first scores of x[0..n), then their ids as f32. The order: what is not finite (NaN, +-Infinity),
// by rising id; then the ids under `below`, falling, equal ones by rising id. count <= below <= n.
// Scores are compared as whole numbers that rise with them: the bits, with those of negative numbers turned round; -0 counts
// as 0, what is not finite as the largest. So nothing is rounded, and both builds agree to the bit.
// Loop: one pass in rising id; a vector of four is looked at one by one only where a rank exceeds the last of the sorted list,
// which a score enters by insertion: in random order about count * ln(n / count) times, so this is for small counts.
// While it runs the list is ranks and whole ids, in `out` itself. Twin: test/kernels/twins/choose.ts
const NOT_FINITE: i32 = i32.MAX_VALUE

export function top_k(out: usize, x: usize, n: i32, below: i32, count: i32): void {
  const ids = out + ((<usize>count) << 2)
  let found: i32 = 0
  let low: i32 = i32.MIN_VALUE // what a rank must exceed to enter; no rank is as low
  for (let i = 0; i < n; i++) {
    if (
      (i & 3) === 0 &&
      i + 4 <= n &&
      !v128.any_true(i32x4.gt_s(ranks(v128.load(x + ((<usize>i) << 2))), i32x4.splat(low)))
    ) {
      i += 3
      continue
    }
    const rank = i32x4.extract_lane(ranks(v128.load32_zero(x + ((<usize>i) << 2))), 0)
    if (!(rank > low) || (i >= below && rank !== NOT_FINITE)) continue
    if (found < count) found++
    insert(out, ids, found, i, rank)
    if (found === count) low = load<i32>(ids - 4)
  }
  for (let k: usize = 0; k < (<usize>count) << 2; k += 4) {
    const id = load<i32>(ids + k)
    store<i32>(out + k, load<i32>(x + ((<usize>id) << 2)))
    store<f32>(ids + k, <f32>id)
  }
}

function ranks(scores: v128): v128 {
  const bits = f32x4.add(scores, f32x4.splat(0))
  const turned = v128.xor(bits, v128.and(i32x4.shr_s(bits, 31), i32x4.splat(0x7fffffff)))
  const exponent = i32x4.splat(0x7f800000)
  return v128.bitselect(i32x4.splat(NOT_FINITE), turned, i32x4.eq(v128.and(scores, exponent), exponent))
}

/** Puts (id, rank) behind all that are not smaller; the last of `count` places is free. */
function insert(list: usize, ids: usize, count: i32, id: i32, rank: i32): void {
  let at = (<usize>(count - 1)) << 2
  while (at > 0 && load<i32>(list + at - 4) < rank) {
    store<i32>(list + at, load<i32>(list + at - 4))
    store<i32>(ids + at, load<i32>(ids + at - 4))
    at -= 4
  }
  store<i32>(list + at, rank)
  store<i32>(ids + at, id)
}
