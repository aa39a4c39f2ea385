// A packed part read back as the rows of its tensor, in the dtype that holds every stored value exactly: bf16 as it is, all
// else f32 (a whole number of 8 bits times a scale of 8 bits fits). So the reference backend computes with the very weights
// that the kernels multiply with.
import { PANEL, panelBytes, unpackPanel } from '../formats/packed.ts'
import { type PackedPart, type PackedWeights, partKey } from '../formats/packed-weights.ts'

export function rowDtype({ format }: PackedPart): 'F32' | 'BF16' {
  return format === 'bf16' ? 'BF16' : 'F32'
}

/** Bytes of rows [from, to) in `rowDtype`. */
export async function readRows(
  { read }: Pick<PackedWeights, 'read'>,
  part: PackedPart,
  [from, to]: readonly [number, number],
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const { shape, layout, format } = part
  const key = partKey(part)
  const inner = shape[1] ?? 1
  if (layout === 'rows') {
    const rowBytes = inner * (format === 'bf16' ? 2 : 4)
    return read(key, from * rowBytes, to * rowBytes, signal)
  }
  const panel = panelBytes(format, inner)
  const [first, end] = [Math.floor(from / PANEL), Math.ceil(to / PANEL)]
  const bytes = await read(key, first * panel, end * panel, signal)
  const values = new Float32Array((end - first) * PANEL * inner)
  for (let p = 0; p < end - first; p++)
    values.set(unpackPanel(format, bytes.subarray(p * panel, (p + 1) * panel), inner), p * PANEL * inner)
  const rows = values.subarray((from - first * PANEL) * inner, (to - first * PANEL) * inner)
  return format === 'bf16' ? upperHalves(rows) : new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength)
}

function upperHalves(values: Float32Array): Uint8Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length)
  return new Uint8Array(Uint16Array.from(words, (word) => word >>> 16).buffer)
}
