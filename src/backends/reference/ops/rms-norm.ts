// rmsNorm: out = x / sqrt(mean(x^2) + eps) * weight, row by row.                                                 (S, D)
// Upstream normalises in f32 whatever the dtype is, casts back, then multiplies by the weight: hence the step between.
import type { Numerics } from '../numerics.ts'
import type { Work } from '../work.ts'

export function* rmsNorm(
  out: Float32Array,
  input: Float32Array,
  weight: Float32Array,
  eps: number,
  { result, step }: Numerics,
): Work {
  const D = weight.length
  for (let at = 0; at < input.length; at += D) {
    let squares = 0
    for (let d = 0; d < D; d++) squares += input[at + d] * input[at + d]
    const scale = 1 / Math.sqrt(squares / D + eps)
    for (let d = 0; d < D; d++) out[at + d] = result(step(input[at + d] * scale) * weight[d])
    yield
  }
}
