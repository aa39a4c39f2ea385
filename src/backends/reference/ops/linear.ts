// linear: out[s, c] = sum over i of input[s, i] * weight[c, i] + bias[c].      (rows, cols) from (rows, inner)
// Loops: a block of weight rows, widened to f32 once, meets all rows of the input before the next block is touched, so
// the weights, by far the largest data, pass through the cache once. Sums are f64, rounded once, bias included.
import { dots } from '../dots.ts'
import type { Numerics } from '../numerics.ts'
import type { StoredWeight } from '../stored-weight.ts'
import { rowsOf } from '../stored-weight.ts'
import type { Work } from '../work.ts'

/** Weight rows a block, and input rows between two pauses. */
const BLOCK = 16
const ROWS = 64

export function* linear(
  out: Float32Array,
  input: Float32Array,
  weight: StoredWeight,
  bias: Float32Array | null,
  { result }: Numerics,
): Work {
  const [cols, inner] = weight.shape
  const rows = input.length / inner
  const scratch = new Float32Array(BLOCK * inner)
  const sums = new Float64Array(BLOCK)
  for (let c = 0; c < cols; c += BLOCK) {
    const n = Math.min(BLOCK, cols - c)
    const w = rowsOf(weight, c, c + n, scratch)
    for (let s = 0; s < rows; s++) {
      dots(sums, n, inner, input, s * inner, w, 0, inner)
      for (let j = 0; j < n; j++) out[s * cols + c + j] = result(sums[j] + (bias === null ? 0 : bias[c + j]))
      if (s % ROWS === ROWS - 1) yield
    }
    yield
  }
}
