// Where each tensor of a file to be written stands, decided from names, dtypes and shapes alone, before any data exist:
// wide dtypes first and then by name, so that every tensor begins at a multiple of its element size (torch refuses to
// view others) and the same content always gives the same bytes. The header lists them in that order, padded with
// spaces so that the data begin at a multiple of 8. Source: huggingface/safetensors, `tensor.rs`, `prepare`.
import { quote } from '../../config/quote.ts'
import { SailError } from '../../errors.ts'
import { bitsOf, byteSize, type SafetensorsDtype } from './dtypes.ts'

export interface Declared {
  readonly dtype: SafetensorsDtype
  readonly shape: readonly number[]
}

export interface Layout {
  /** The length field and the padded JSON. */
  readonly header: Uint8Array
  /** Bytes [begin, end) of the file, by tensor. */
  readonly places: ReadonlyMap<string, { readonly begin: number; readonly end: number }>
  readonly byteLength: number
}

/** @throws SailError E_SAFETENSORS_DECLARE for a name or shape that no reader would accept */
export function layOut(
  file: string,
  tensors: ReadonlyMap<string, Declared>,
  metadata: ReadonlyMap<string, string>,
): Layout {
  const sorted = [...tensors].sort(
    ([a, x], [b, y]) =>
      bitsOf(y.dtype) - bitsOf(x.dtype) || (x.dtype < y.dtype ? -1 : x.dtype > y.dtype ? 1 : a < b ? -1 : 1),
  )
  const entries: string[] = []
  const offsets = new Map<string, { begin: number; end: number }>()
  if (metadata.size > 0) entries.push(`"__metadata__":${JSON.stringify(Object.fromEntries([...metadata].sort()))}`)
  let at = 0
  for (const [name, { dtype, shape }] of sorted) {
    const size = byteSize(dtype, shape)
    if (
      name === '' ||
      name.startsWith('__') ||
      size === null ||
      shape.length > 8 ||
      shape.some((d) => !Number.isSafeInteger(d) || d < 0)
    ) {
      const expected = 'a name, at most 8 sizes of 0 or more, whole bytes below 2^53'
      const found = `${dtype} (${shape.join(', ')})`
      throw new SailError('E_SAFETENSORS_DECLARE', { file, place: `tensor ${quote(name)}`, expected, found })
    }
    entries.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [at, at + size] })}`)
    offsets.set(name, { begin: at, end: at + size })
    at += size
  }
  const json = new TextEncoder().encode(`{${entries.join(',')}}`)
  const dataBegin = Math.ceil((8 + json.length) / 8) * 8
  const header = new Uint8Array(dataBegin).fill(0x20)
  new DataView(header.buffer).setBigUint64(0, BigInt(dataBegin - 8), true)
  header.set(json, 8)
  const places = new Map(
    [...offsets].map(([name, { begin, end }]) => [name, { begin: dataBegin + begin, end: dataBegin + end }]),
  )
  return { header, places, byteLength: dataBegin + at }
}
