// Where results are rounded. f32: sums and functions run in f64 and each op rounds once, to f32: the definition of every
// op. bf16: rounds wherever PyTorch does when it runs in bfloat16 on a CPU, so that a verifier can tell rounding from a
// bug: each kernel of PyTorch reads bf16, works in f32 and writes bf16, and some ops here are several kernels there.

export interface Numerics {
  readonly name: 'f32' | 'bf16'
  /** Rounds the result of an op. */
  readonly result: (x: number) => number
  /** Rounds between PyTorch's kernels inside one of our ops; f32 keeps all 53 bits. */
  readonly step: (x: number) => number
}

const bits = new Uint32Array(1)
const float = new Float32Array(bits.buffer)

/** x rounded to f32 and then to the nearest bfloat16 (the upper 16 bits of an f32), ties to even. NaN stays NaN. */
export function roundBf16(x: number): number {
  if (Number.isNaN(x)) return x
  float[0] = x
  bits[0] = (bits[0] + 0x7fff + ((bits[0] >>> 16) & 1)) & 0xffff0000
  return float[0]
}

/** The bf16 bits of f32 values, rounded to nearest, ties to even. */
export function bf16Bits(values: Float32Array): Uint16Array {
  const rounded = Float32Array.from(values, roundBf16)
  return Uint16Array.from(new Uint32Array(rounded.buffer), (word) => word >>> 16)
}

export const numericsOf: Readonly<Record<Numerics['name'], Numerics>> = {
  f32: { name: 'f32', result: Math.fround, step: (x) => x },
  bf16: { name: 'bf16', result: roundBf16, step: roundBf16 },
}
