// The 8 scales of a group, bf16, stored c0 c4 c1 c5 c2 c6 c3 c7: a shift widens the first four columns, a mask the others.

export function scales_low(at: usize): v128 {
  return i32x4.shl(v128.load(at), 16)
}

/** `high` is 0xffff0000 in each lane, loaded before the loop. */
export function scales_high(at: usize, high: v128): v128 {
  return v128.and(v128.load(at), high)
}
