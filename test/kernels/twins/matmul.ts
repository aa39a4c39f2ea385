// Twin of matmul_* and of matvec_f32, matvec_bf16: chains of 128 products in rising i, block sums in order, f32.
// matvecGrouped is that of matvec_q8 and matvec_q4: x as whole numbers h * 2^15 + l of a unit a group, exact sums, the scale.
import { nearest } from '../../../src/weights/formats/q8.ts'

const { abs, floor, fround, log2, max } = Math

/** x (rows, inner) times w (cols, inner), both f32. */
export function matmul(x: Float32Array, w: Float32Array, inner: number): Float32Array {
  const cols = w.length / inner
  const out = new Float32Array((x.length / inner) * cols)
  for (let n = 0; n < out.length; n++) {
    const [r, c] = [Math.floor(n / cols) * inner, (n % cols) * inner]
    for (let i = 0; i < inner; ) {
      let block = 0
      for (const end = Math.min(i + 128, inner); i < end; i++) block = fround(block + fround(x[r + i] * w[c + i]))
      out[n] += block
    }
  }
  return out
}

/** x (inner) times w = q * scale: q (cols, inner), scales (cols, groups). */
export function matvecGrouped(x: Float32Array, q: Float32Array, scales: Float32Array, inner: number): Float32Array {
  const groups = Math.ceil(inner / 32)
  return Float32Array.from({ length: q.length / inner }, (_, c) => {
    let [sum, block] = [0, 0]
    for (let g = 0; g < groups; g++) {
      const values = x.subarray(g * 32, g * 32 + 32)
      const unit = 2 ** (max(floor(log2(values.reduce((top, v) => max(top, abs(v)), 0))), -97) - 29)
      let [h, l] = [0, 0]
      for (const [i, value] of values.entries()) {
        const m = nearest(value / unit)
        const high = floor(m / 2 ** 15)
        h += high * q[c * inner + g * 32 + i]
        l += (m - high * 2 ** 15) * q[c * inner + g * 32 + i]
      }
      const whole = fround(fround(h) * unit * 2 ** 15 + fround(fround(l) * unit))
      block = fround(block + fround(whole * scales[c * groups + g]))
      if (g % 32 === 31 || g === groups - 1) [sum, block] = [fround(sum + block), 0]
    }
    return sum
  })
}
