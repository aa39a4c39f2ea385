// out[j] = sum over i of x[i] * w[j, i]: one vector against n rows, the inner loop of every linear layer and of q . k.
// Values are f32, products and sums f64: a product of two f32 is exact in f64, so only the additions round. Four rows at
// a time: x[i] is loaded once for four products, and four independent sums hide the latency of an addition.

/** A row of x and rows of w inside larger arrays: `x[xAt + i]`, `w[wAt + j * stride + i]`. */
export function dots(
  out: Float64Array,
  n: number,
  inner: number,
  x: Float32Array,
  xAt: number,
  w: Float32Array,
  wAt: number,
  stride: number,
): void {
  let j = 0
  for (; j + 4 <= n; j += 4) {
    const a = wAt + j * stride
    const b = a + stride
    const c = b + stride
    const d = c + stride
    let [sumA, sumB, sumC, sumD] = [0, 0, 0, 0]
    for (let i = 0; i < inner; i++) {
      const value = x[xAt + i]
      sumA += value * w[a + i]
      sumB += value * w[b + i]
      sumC += value * w[c + i]
      sumD += value * w[d + i]
    }
    out[j] = sumA
    out[j + 1] = sumB
    out[j + 2] = sumC
    out[j + 3] = sumD
  }
  for (; j < n; j++) {
    const a = wAt + j * stride
    let sum = 0
    for (let i = 0; i < inner; i++) sum += x[xAt + i] * w[a + i]
    out[j] = sum
  }
}
