// The strict build's way to multiply bytes: 8 at a time as 16 bits, i32x4.dot_i16x8_s. A vector of bytes holds 4 values of
// each of 4 columns; half of it gives the lanes c0 c0 c1 c1, which are added up in pairs at the end of a group.

/** Products of the first two columns. */
export function dot_low(w: v128, x: v128, sum: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(x, i16x8.extend_low_i8x16_s(w)))
}

export function dot_high(w: v128, x: v128, sum: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(x, i16x8.extend_high_i8x16_s(w)))
}

/** c0 c0 c1 c1 and c2 c2 c3 c3 to c0 c1 c2 c3. */
export function add_pairs(a: v128, b: v128): v128 {
  return i32x4.add(i32x4.shuffle(a, b, 0, 2, 4, 6), i32x4.shuffle(a, b, 1, 3, 5, 7))
}
