// Twin of matmul_* and of matvec_f32, matvec_bf16: chains of 128 products in rising i, block sums in order, f32.
// matvecGrouped is that of matvec_q8 and matvec_q4: four chains of 8 in a group, then the scale.
const { fround } = Math

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
      const chains = new Float32Array(4)
      for (let i = g * 32; i < Math.min(inner, g * 32 + 32); i++) chains[i % 4] += fround(x[i] * q[c * inner + i])
      const whole = fround(fround(chains[0] + chains[1]) + fround(chains[2] + chains[3]))
      block = fround(block + fround(whole * scales[c * groups + g]))
      if (g % 32 === 31 || g === groups - 1) [sum, block] = [fround(sum + block), 0]
    }
    return sum
  })
}
