// How 16-bit dots (i32x4.dot_i16x8_s) meet weights in bytes, without a sum across lanes: a vector of bytes holds 4 values of
// each of 4 columns, and as 16-bit lanes the even ones (values 0 and 2) or the odd ones (1 and 3) of each column. A dot of
// such a vector with the same pair of x in all lanes gives one sum a column. So x stands in the order 0 2 1 3 of each four.

/** Values 0 and 2 of each four, signed. */
export function even_bytes(w: v128): v128 {
  return i16x8.shr_s(i16x8.shl(w, 8), 8)
}

/** Values 1 and 3. */
export function odd_bytes(w: v128): v128 {
  return i16x8.shr_s(w, 8)
}

/** sum + the pairs of products of each lane. */
export function dot_pairs(w: v128, x: v128, sum: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(x, w))
}
