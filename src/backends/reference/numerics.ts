// Where results are rounded. f32: sums and functions run in f64 and each op rounds once, to f32: the definition of every
// op. bf16: rounds wherever PyTorch does when it runs in bfloat16 on a CPU, so that a verifier can tell rounding from a
// bug: each kernel of PyTorch reads bf16, works in f32 and writes bf16, and some ops here are several kernels there.
import { roundToBf16 } from '../../weights/formats/bf16.ts'

export interface Numerics {
  readonly name: 'f32' | 'bf16'
  /** Rounds the result of an op. */
  readonly result: (x: number) => number
  /** Rounds between PyTorch's kernels inside one of our ops; f32 keeps all 53 bits. */
  readonly step: (x: number) => number
}

export const numericsOf: Readonly<Record<Numerics['name'], Numerics>> = {
  f32: { name: 'f32', result: Math.fround, step: (x) => x },
  bf16: { name: 'bf16', result: roundToBf16, step: roundToBf16 },
}
