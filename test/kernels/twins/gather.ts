// Twin of gather_f32, gather_bf16 and gather_f16.
import { widen } from './f16.ts'

const f32 = new Float32Array(1)
const bits = new Uint32Array(f32.buffer)

const widened = {
  f32: (x: number): number => x,
  f16: widen,
  bf16: (half: number): number => {
    bits[0] = half << 16
    return f32[0]
  },
}

/** table (V, D): numbers for f32, 16-bit patterns for the others. */
export const gather = (
  format: keyof typeof widened,
  table: Float32Array | Uint16Array,
  ids: Int32Array,
  D: number,
): Float32Array =>
  Float32Array.from({ length: ids.length * D }, (_, i) => widened[format](table[ids[Math.floor(i / D)] * D + (i % D)]))
