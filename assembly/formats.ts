// The weight formats by number, as the shared loops of the matmuls and packers know them.
export const F32: i32 = 0
export const BF16: i32 = 1
export const Q8: i32 = 2
export const Q4: i32 = 3
