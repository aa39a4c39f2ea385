// What becomes of weights that are packed and unpacked again: the values the kernels multiply with.
import { roundAllToBf16 } from './bf16.ts'
import { GROUP, type PackedFormat } from './packed.ts'
import { quantizeQ4 } from './q4.ts'
import { bf16Value, quantizeQ8 } from './q8.ts'

/** Rows of `inner` values, each cut into groups as in a panel; changed in place. */
export function roundTrip(format: PackedFormat, values: Float32Array, inner: number): Float32Array {
  if (format === 'f32') return values
  if (format === 'bf16') return roundAllToBf16(values)
  const quantize = format === 'q8' ? quantizeQ8 : quantizeQ4
  for (let row = 0; row < values.length; row += inner)
    for (let i = row; i < row + inner; i += GROUP) {
      const n = Math.min(GROUP, row + inner - i)
      const group = new Float32Array(GROUP)
      group.set(values.subarray(i, i + n))
      const { q, scaleBits } = quantize(group)
      const scale = bf16Value(scaleBits)
      for (let j = 0; j < n; j++) values[i + j] = q[j] * scale
    }
  return values
}
