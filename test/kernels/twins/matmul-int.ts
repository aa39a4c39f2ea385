// Twins of quantize_rows_* and of the whole-number matmuls and matvecs: exact sums in a group of 32, f32 chains over 32
// groups, blocks in order.
import { nearest } from '../../../src/weights/formats/q8.ts'

const { fround, abs, max } = Math

export interface Quantized {
  /** (rows, inner) whole numbers. */
  readonly q: Float32Array
  /** (rows, groups of 32 along inner). */
  readonly scales: Float32Array
}

/** x (rows, inner), |q| at most `largest`: 63 beside q8 weights, 127 beside q4. */
export function quantizeRows(x: Float32Array, inner: number, largest: number): Quantized {
  const groups = Math.ceil(inner / 32)
  const scales = Float32Array.from({ length: (x.length / inner) * groups }, (_, n) => {
    const from = Math.floor(n / groups) * inner + (n % groups) * 32
    const group = x.subarray(from, Math.min(from + 32, from - (from % inner) + inner))
    const top = group.reduce((most, v) => max(most, abs(v)), 0)
    const scale = top === Infinity ? NaN : fround(top / largest)
    return scale < 2 ** -126 ? 0 : scale
  })
  const q = x.map((v, n) => {
    const scale = scales[Math.floor(n / inner) * groups + ((n % inner) >> 5)]
    return scale === 0 ? 0 : nearest(fround(v / scale))
  })
  return { q, scales }
}

export function matmulInt(x: Quantized, w: Quantized, inner: number): Float32Array {
  const groups = Math.ceil(inner / 32)
  const cols = w.q.length / inner
  return Float32Array.from({ length: (x.q.length / inner) * cols }, (_, n) => {
    const [r, c] = [Math.floor(n / cols), n % cols]
    let [sum, block] = [0, 0]
    for (let g = 0; g < groups; g++) {
      let whole = 0
      for (let i = g * 32; i < Math.min(inner, g * 32 + 32); i++) whole += x.q[r * inner + i] * w.q[c * inner + i]
      const scale = fround(x.scales[r * groups + g] * w.scales[c * groups + g])
      block = fround(block + fround(scale * whole))
      if (g % 32 === 31 || g === groups - 1) [sum, block] = [fround(sum + block), 0]
    }
    return sum
  })
}
