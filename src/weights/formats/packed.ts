// How the wasm kernels store a weight (cols, inner): panels of 8 columns, one after the other, rows of the checkpoint turned
// on their side so that 8 outputs lie in the lanes of two vectors. The last panel is filled up with zero columns.
//   f32    i=0 | c0 .. c7 |  i=1 | ..                                    32 bytes a step of inner
//   bf16   i=0 | c0 c4 c1 c5 c2 c6 c3 c7 |  i=1 | ..                     16 bytes: a shift widens c0 .. c3, a mask c4 .. c7
//   q8     groups of 32 along inner: 8 steps of | c0 .. c7 |, each column 4 values in bytes; then 8 scales bf16, in the order
//          of bf16 panels: 272 bytes, 8.5 bits a weight. w = q * scale, q in -127 .. 127
//   q4     the same with 16 bytes a step: byte (c % 4) * 4 + j holds value 4 * s + j of column c in its low nibble (c < 4) or
//          the high one, as q + 8: 144 bytes, 4.5 bits a weight. w = q * scale, q in -8 .. 7, scale of either sign
// Little-endian. Every stored weight is exact in f32. These are the twins of assembly/pack_*.ts: the same bytes.
import { f32ToBf16Bits } from './bf16.ts'
import { quantizeQ4 } from './q4.ts'
import { quantizeQ8 } from './q8.ts'

export type PackedFormat = 'f32' | 'bf16' | 'q8' | 'q4'

/** What the bytes mean, as a number that files carry: another meaning, another number. */
export const LAYOUT = 1

/** Columns of a panel; values of inner in a group of q8 and q4. */
export const PANEL = 8
export const GROUP = 32

const groupBytes = { q8: 272, q4: 144 } as const

/** Bytes of one panel of 8 columns. */
export function panelBytes(format: PackedFormat, inner: number): number {
  if (format === 'f32') return inner * 32
  if (format === 'bf16') return inner * 16
  return Math.ceil(inner / GROUP) * groupBytes[format]
}

/** Where column c stands among the 8 values of 16 bits that are widened in two halves. */
const place = (c: number): number => (c % 4) * 2 + (c >> 2)

/** One panel from up to 8 rows of `inner` values, one after the other in `values`; missing rows are zero columns. */
export function packPanel(format: PackedFormat, values: Float32Array, inner: number): Uint8Array {
  const bytes = new Uint8Array(panelBytes(format, inner))
  const rows = values.length / inner
  const view = new DataView(bytes.buffer)
  if (format === 'q8' || format === 'q4') {
    for (let g = 0; g * GROUP < inner; g++) packGroup(format, view, g, values, inner, rows)
    return bytes
  }
  for (let c = 0; c < rows; c++)
    for (let i = 0; i < inner; i++) {
      const value = values[c * inner + i]
      if (format === 'f32') view.setFloat32((i * 8 + c) * 4, value, true)
      else view.setUint16((i * 8 + place(c)) * 2, f32ToBf16Bits(value), true)
    }
  return bytes
}

function packGroup(format: 'q8' | 'q4', view: DataView, g: number, values: Float32Array, inner: number, rows: number) {
  const base = g * groupBytes[format]
  const scales = base + groupBytes[format] - 16
  for (let c = 0; c < PANEL; c++) {
    const group = new Float32Array(GROUP)
    if (c < rows) group.set(values.subarray(c * inner + g * GROUP, c * inner + Math.min(inner, (g + 1) * GROUP)))
    const { q, scaleBits } = format === 'q8' ? quantizeQ8(group) : quantizeQ4(group)
    view.setUint16(scales + place(c) * 2, scaleBits, true)
    for (let i = 0; i < GROUP; i++) {
      if (format === 'q8') view.setInt8(base + (i >> 2) * 32 + c * 4 + (i & 3), q[i])
      else {
        const at = base + (i >> 2) * 16 + (c & 3) * 4 + (i & 3)
        view.setUint8(at, view.getUint8(at) | ((q[i] + 8) << (c < 4 ? 0 : 4)))
      }
    }
  }
}

/** The 8 columns of a panel as rows of `inner` f32 values: what the kernels multiply with. */
export function unpackPanel(format: PackedFormat, bytes: Uint8Array, inner: number): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Float32Array.from({ length: PANEL * inner }, (_, n) =>
    readPacked(format, view, n % inner, Math.floor(n / inner)),
  )
}

const word = new Uint32Array(1)
const float = new Float32Array(word.buffer)

function widen(bits: number): number {
  word[0] = bits << 16
  return float[0]
}

function readPacked(format: PackedFormat, view: DataView, i: number, c: number): number {
  if (format === 'f32') return view.getFloat32((i * 8 + c) * 4, true)
  if (format === 'bf16') return widen(view.getUint16((i * 8 + place(c)) * 2, true))
  const base = Math.floor(i / GROUP) * groupBytes[format]
  const scale = widen(view.getUint16(base + groupBytes[format] - 16 + place(c) * 2, true))
  const step = (i % GROUP) >> 2
  if (format === 'q8') return view.getInt8(base + step * 32 + c * 4 + (i & 3)) * scale
  const both = view.getUint8(base + step * 16 + (c & 3) * 4 + (i & 3))
  return ((c < 4 ? both & 15 : both >> 4) - 8) * scale
}
