// Twin of rms_norm: sums in blocks of 128, four lanes, block sums in order (style.md, section 5).
const { fround } = Math

export function rmsNorm(x: Float32Array, weight: Float32Array, eps: number): Float32Array {
  const D = weight.length
  const out = new Float32Array(x.length)
  for (let at = 0; at < x.length; at += D) {
    const total = new Float32Array(4)
    for (let block = 0; block < D; block += 128) {
      const sum = new Float32Array(4)
      for (let d = block; d < Math.min(block + 128, D); d++) sum[d % 4] += fround(x[at + d] * x[at + d])
      for (let lane = 0; lane < 4; lane++) total[lane] += sum[lane]
    }
    const squares = fround(fround(total[0] + total[1]) + fround(total[2] + total[3]))
    const scale = fround(1 / fround(Math.sqrt(fround(fround(squares / D) + fround(eps)))))
    for (let d = 0; d < D; d++) out[at + d] = fround(x[at + d] * scale) * weight[d]
  }
  return out
}
