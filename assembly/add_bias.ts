// add_bias: out[r, c] += bias[c] for rows [from, to) of out (rows, ldo), c < cols: a linear's bias behind its matmul.
// Loops: rows, four columns; columns from cols to ldo are not touched. Bit-equal to a scalar loop; NaN and
// Infinity follow IEEE 754. Twin: test/kernels/twins/elementwise.ts
import { add } from './add'

export function add_bias(out: usize, bias: usize, cols: i32, ldo: i32, from: i32, to: i32): void {
  for (let r = from; r < to; r++) {
    const row = out + ((<usize>r * <usize>ldo) << 2)
    add(row, row, bias, 0, cols)
  }
}
