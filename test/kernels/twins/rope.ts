// Twin of rope: (heads, S, E) from x (S, heads * E), cos and sin (S, E).
const { fround } = Math

export function rope(x: Float32Array, cos: Float32Array, sin: Float32Array, S: number, heads: number): Float32Array {
  const E = cos.length / S
  return Float32Array.from({ length: x.length }, (_, i) => {
    const [h, s, e] = [Math.floor(i / (S * E)), Math.floor(i / E) % S, i % E]
    const row = (s * heads + h) * E
    const other = e < E / 2 ? -x[row + e + E / 2] : x[row + e - E / 2]
    return fround(x[row + e] * cos[s * E + e]) + fround(other * sin[s * E + e])
  })
}
