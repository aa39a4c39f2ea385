// The last 1 to 3 values of a row as a vector: lanes past the end are zero when read and untouched when written, so no
// kernel reads or writes outside its slice.

/** n values at `from`, n in 1..3; the lanes from n on are 0. */
export function load_lanes(from: usize, n: i32): v128 {
  let lanes = v128.load32_zero(from)
  if (n > 1) lanes = v128.load32_lane(from, lanes, 1, 4)
  if (n > 2) lanes = v128.load32_lane(from, lanes, 2, 8)
  return lanes
}

/** Writes lanes 0 to n - 1, n in 1..3. */
export function store_lanes(to: usize, lanes: v128, n: i32): void {
  v128.store32_lane(to, lanes, 0)
  if (n > 1) v128.store32_lane(to, lanes, 1, 4)
  if (n > 2) v128.store32_lane(to, lanes, 2, 8)
}
