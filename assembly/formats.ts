// The weight formats by number, as the loops shared by the matmuls know them, and the sizes of the grouped ones:
// 32 values along inner of 8 columns, then their 8 scales. Layout: src/weights/formats/packed.ts
export const F32: i32 = 0
export const BF16: i32 = 1
export const Q8: i32 = 2
export const Q4: i32 = 3

/** Bytes of one group of a panel: 32 * 8 values and 8 scales of 16 bits. */
export const Q8_GROUP: usize = 272
export const Q4_GROUP: usize = 144

/** Groups of a row; the last one may be partly padding. */
export function groups_of(inner: i32): i32 {
  return (inner + 31) >> 5
}
