// swiglu: out = silu(gate) * up, silu(z) = z / (1 + exp(-z)).                                                    (S, F)
// add: out = a + b, the residual stream.                                                                         (S, D)
import type { Numerics } from '../numerics.ts'
import type { Work } from '../work.ts'

/** Elements between two pauses. */
const RUN = 65536

export function* swiglu(out: Float32Array, gate: Float32Array, up: Float32Array, { result, step }: Numerics): Work {
  for (let at = 0; at < out.length; at += RUN) {
    const end = Math.min(at + RUN, out.length)
    for (let i = at; i < end; i++) out[i] = result(step(gate[i] / (1 + Math.exp(-gate[i]))) * up[i])
    yield
  }
}

export function* add(out: Float32Array, a: Float32Array, b: Float32Array, { result }: Numerics): Work {
  for (let at = 0; at < out.length; at += RUN) {
    const end = Math.min(at + RUN, out.length)
    for (let i = at; i < end; i++) out[i] = result(a[i] + b[i])
    yield
  }
}
