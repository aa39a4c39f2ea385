// Weights for kernel tests: packed by the TypeScript twins, and taken apart again into what the kernels multiply with.
import { f32ToBf16Bits, roundToBf16 } from '../../src/weights/formats/bf16.ts'
import { type PackedFormat, packPanel, unpackPanel } from '../../src/weights/formats/packed.ts'
import { quantizeQ4 } from '../../src/weights/formats/q4.ts'
import { bf16Value, quantizeQ8 } from '../../src/weights/formats/q8.ts'
import { narrow, widen } from './twins/f16.ts'
import type { Quantized } from './twins/matmul-int.ts'

/** All panels of w (cols, inner), one after the other. */
export function packAll(format: PackedFormat, w: Float32Array, inner: number): Uint8Array {
  const panels: Uint8Array[] = []
  for (let at = 0; at < w.length; at += 8 * inner) panels.push(packPanel(format, w.subarray(at, at + 8 * inner), inner))
  const bytes = new Uint8Array(panels.length * panels[0].length)
  for (const [p, panel] of panels.entries()) bytes.set(panel, p * panel.length)
  return bytes
}

/** The f32 weights (cols, inner) that packed panels stand for. */
export function unpackAll(format: PackedFormat, bytes: Uint8Array, cols: number, inner: number): Float32Array {
  const out = new Float32Array(Math.ceil(cols / 8) * 8 * inner)
  const panel = bytes.length / Math.ceil(cols / 8)
  for (let p = 0; p * 8 < cols; p++)
    out.set(unpackPanel(format, bytes.subarray(p * panel, (p + 1) * panel), inner), p * 8 * inner)
  return out.subarray(0, cols * inner)
}

/** Whole numbers and scales of w (cols, inner), straight from the group quantisers. */
export function quantizeWeights(format: 'q8' | 'q4', w: Float32Array, inner: number): Quantized {
  const groups = Math.ceil(inner / 32)
  const cols = w.length / inner
  const [q, scales] = [new Float32Array(w.length), new Float32Array(cols * groups)]
  for (let c = 0; c < cols; c++)
    for (let g = 0; g < groups; g++) {
      const n = Math.min(32, inner - g * 32)
      const group = new Float32Array(32)
      group.set(w.subarray(c * inner + g * 32, c * inner + g * 32 + n))
      const stored = format === 'q8' ? quantizeQ8(group) : quantizeQ4(group)
      q.set(stored.q.subarray(0, n), c * inner + g * 32)
      scales[c * groups + g] = bf16Value(stored.scaleBits)
    }
  return { q, scales }
}

/** A checkpoint's bytes of f32 values in each float dtype, and the f32 values that those bytes stand for. */
export const sources: Record<string, (values: Float32Array) => { bytes: Uint8Array; values: Float32Array }> = {
  f32: (values) => ({ bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength), values }),
  bf16: (values) => ({
    bytes: new Uint8Array(Uint16Array.from(values, f32ToBf16Bits).buffer),
    values: values.map(roundToBf16),
  }),
  f16: (values) => {
    const bits = Uint16Array.from(values, narrow)
    return { bytes: new Uint8Array(bits.buffer), values: Float32Array.from(bits, widen) }
  },
  f64: (values) => {
    const doubles = Float64Array.from(values, (v) => v * (1 + 2 ** -30))
    return { bytes: new Uint8Array(doubles.buffer), values: Float32Array.from(doubles) }
  },
}
