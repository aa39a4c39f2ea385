// rotary: the angle of frequency j at token s is f32(position) * inv_freq[j], inv_freq[j] = theta^(-2j / E), j < E / 2.
// The first sections[0] frequencies follow the t position of the token, the next sections[1] its h, the rest its w.
// Powers and angles are f32 as upstream's: f64 angles differ by 3e-4 near position 4200.
// rope: (heads, S, E) from (S, heads * E). Frequency j turns the pair (x[j], x[j + E / 2]):
//   out[j] = x[j] * cos[j] - x[j + E/2] * sin[j]        out[j + E/2] = x[j + E/2] * cos[j] + x[j] * sin[j]
import type { Numerics } from '../numerics.ts'
import type { Work } from '../work.ts'

const { fround } = Math

/** (E / 2) f32 values. */
export function inverseFrequencies(theta: number, E: number): Float32Array {
  return Float32Array.from({ length: E / 2 }, (_, j) => 1 / fround(theta ** fround((2 * j) / E)))
}

/** (S, E), the second half of a row equal to the first. `positions` (3, S) on the axes t, h, w. */
export function* rotary(
  out: Float32Array,
  part: 'cos' | 'sin',
  positions: Int32Array,
  theta: number,
  sections: readonly [number, number, number],
  { result }: Numerics,
): Work {
  const S = positions.length / 3
  const E = out.length / S
  const frequencies = inverseFrequencies(theta, E)
  const axes = sections.flatMap((length, axis) => new Array<number>(length).fill(axis))
  const wave = part === 'cos' ? Math.cos : Math.sin
  for (let s = 0; s < S; s++) {
    for (let j = 0; j < E / 2; j++) {
      const position = fround(positions[axes[j] * S + s])
      const value = result(wave(fround(position * frequencies[j])))
      out[s * E + j] = value
      out[s * E + E / 2 + j] = value
    }
    yield
  }
}

export function* rope(
  out: Float32Array,
  input: Float32Array,
  cos: Float32Array,
  sin: Float32Array,
  S: number,
  heads: number,
  { result, step }: Numerics,
): Work {
  const E = cos.length / S
  const half = E / 2
  for (let h = 0; h < heads; h++)
    for (let s = 0; s < S; s++) {
      const from = (s * heads + h) * E
      const to = (h * S + s) * E
      for (let e = 0; e < E; e++) {
        const other = e < half ? -input[from + e + half] : input[from + e - half]
        const at = s * E + e
        out[to + e] = result(step(input[from + e] * cos[at]) + step(other * sin[at]))
      }
      yield
    }
}
