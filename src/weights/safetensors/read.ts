// Tensor data of a safetensors file: whole tensors as numbers, or ranges of rows as raw bytes. What has an exact place
// among the tensor types of this project is widened into it (BF16 and F16 to F32, I32 to I64, BOOL to U8); other dtypes
// are refused, never rounded. A tensor may begin at any byte of its file: what is not aligned is copied.
import { listed, quote } from '../../config/quote.ts'
import { SailError } from '../../errors.ts'
import type { Tensor } from '../../tensor.ts'
import type { ByteSource } from '../byte-source.ts'
import { toF32, viewAs } from '../formats/convert.ts'
import type { TensorEntry } from './entry.ts'
import type { SafetensorsHeader } from './header.ts'

/** The entry of a tensor. @throws SailError E_SAFETENSORS_NO_TENSOR */
function entryOf(file: string, header: SafetensorsHeader, name: string): TensorEntry {
  const entry = header.tensors.get(name)
  if (entry !== undefined) return entry
  const found = listed(
    [...header.tensors.keys()].map((known) => quote(known)),
    8,
  )
  throw new SailError('E_SAFETENSORS_NO_TENSOR', {
    file,
    expected: `a tensor ${quote(name)}`,
    found: found || 'no tensors',
  })
}

/**
 * A whole tensor. F32, F64, U8 and I64 as they are; BF16, F16 -> F32, I32 -> I64, BOOL -> U8.
 * @throws SailError E_SAFETENSORS_NO_TENSOR, E_SAFETENSORS_READ_DTYPE; the source's own errors
 */
export async function readTensor(
  source: ByteSource,
  header: SafetensorsHeader,
  name: string,
  signal?: AbortSignal,
): Promise<Tensor> {
  const { dtype, shape, begin, end } = entryOf(source.name, header, name)
  const decode = decoders[dtype]
  if (decode === undefined) {
    throw new SailError('E_SAFETENSORS_READ_DTYPE', {
      file: source.name,
      place: `tensor ${quote(name)}`,
      expected: `one of ${Object.keys(decoders).join(', ')}`,
      found: dtype,
    })
  }
  return decode(shape, await source.read(begin, end, signal))
}

/**
 * Raw bytes of rows [from, to) of a tensor, rows being the first axis (a scalar is one row); all rows by default.
 * @throws SailError E_SAFETENSORS_NO_TENSOR, E_SAFETENSORS_ROWS; the source's own errors
 */
export async function readRows(
  source: ByteSource,
  header: SafetensorsHeader,
  name: string,
  from = 0,
  to?: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const { shape, begin, end } = entryOf(source.name, header, name)
  const rows = shape[0] ?? 1
  const last = to ?? rows
  if (!(Number.isInteger(from) && Number.isInteger(last) && 0 <= from && from <= last && last <= rows)) {
    const place = `tensor ${quote(name)}`
    const expected = `a range within ${rows} rows`
    throw new SailError('E_SAFETENSORS_ROWS', { file: source.name, place, expected, found: `[${from}, ${last})` })
  }
  const rowBytes = rows === 0 ? 0 : (end - begin) / rows
  return source.read(begin + from * rowBytes, begin + last * rowBytes, signal)
}

type Decode = (shape: readonly number[], bytes: Uint8Array) => Tensor

const decoders: Readonly<Record<string, Decode>> = {
  F32: (shape, bytes) => ({ dtype: 'F32', shape, data: toF32(bytes, 'F32') }),
  F16: (shape, bytes) => ({ dtype: 'F32', shape, data: toF32(bytes, 'F16') }),
  BF16: (shape, bytes) => ({ dtype: 'F32', shape, data: toF32(bytes, 'BF16') }),
  F64: (shape, bytes) => ({ dtype: 'F64', shape, data: viewAs(Float64Array, bytes) }),
  U8: (shape, bytes) => ({ dtype: 'U8', shape, data: bytes }),
  BOOL: (shape, bytes) => ({ dtype: 'U8', shape, data: bytes }),
  I64: (shape, bytes) => ({ dtype: 'I64', shape, data: viewAs(BigInt64Array, bytes) }),
  I32: (shape, bytes) => ({ dtype: 'I64', shape, data: BigInt64Array.from(viewAs(Int32Array, bytes), BigInt) }),
}
