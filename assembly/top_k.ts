// top_k: the k largest of x[0..n) in falling order, equal ones by rising index: ids (k) i32, values (k) f32. Returns how
// many were found: fewer than k when fewer are above -Infinity (a removed id), -1 where a score is NaN or +Infinity.
// Loop: one pass; a score enters a sorted list of k by insertion. Scores in random order enter about k * ln(n / k) times,
// so this is for k of some hundreds at most. Comparisons only. Twin: test/kernels/twins/choose.ts
export function top_k(ids: usize, values: usize, x: usize, n: i32, k: i32): i32 {
  let found: i32 = 0
  let low: f32 = -Infinity // what a score must exceed to enter
  for (let i = 0; i < n; i++) {
    const score = load<f32>(x + ((<usize>i) << 2))
    if (!(score < Infinity)) return -1
    if (!(score > low)) continue
    if (found < k) found++
    insert(ids, values, found, i, score)
    if (found === k) low = load<f32>(values + ((<usize>(k - 1)) << 2))
  }
  return found
}

/** Puts (id, score) behind all that are not smaller; the last of `count` places is free. */
function insert(ids: usize, values: usize, count: i32, id: i32, score: f32): void {
  let at = (<usize>(count - 1)) << 2
  while (at > 0 && load<f32>(values + at - 4) < score) {
    store<f32>(values + at, load<f32>(values + at - 4))
    store<i32>(ids + at, load<i32>(ids + at - 4))
    at -= 4
  }
  store<f32>(values + at, score)
  store<i32>(ids + at, id)
}
