// Holds a state dict against the zip it came in: every storage is an entry of exactly its size, every tensor lies within
// its storage, row-major and without gaps, so that its bytes are one range of the file. Two tensors may be the same
// view of one storage (tied weights); otherwise no two may share an element, or one would change with the other's name.
import { listed, quote } from '../../config/quote.ts'
import { byteSize, type SafetensorsDtype } from '../safetensors/dtypes.ts'
import type { Storage, TensorView, Value } from './pickle/values.ts'
import { type Refuse, refuser, type ZipEntry } from './zip/entry.ts'

export interface TorchTensor {
  readonly dtype: SafetensorsDtype
  readonly shape: readonly number[]
  /** First byte in the file, and the byte after the last. */
  readonly begin: number
  readonly end: number
  /** The storage that it is a part of. */
  readonly entry: ZipEntry
}

const maxNameBytes = 1024

/**
 * @param entryOf the zip entry of a storage key
 * @throws SailError E_TORCH_STATE_DICT, _NAME, _STORAGE, _STORAGE_SIZE, _SIZE, _STRIDES, _RANGE, _OVERLAP
 */
export function layOut(
  file: string,
  root: Value,
  entryOf: (key: string) => ZipEntry | undefined,
): ReadonlyMap<string, TorchTensor> {
  const refuse = refuser(file, 'TORCH')
  const storages = new Map<string, Storage>()
  const tensors = new Map<string, TorchTensor>()
  for (const [name, view] of namedTensors(refuse, root)) {
    const place = `tensor ${quote(name)}`
    checkName(refuse, place, name)
    const { storage } = view
    const entry = entryOf(storage.key)
    if (entry === undefined) throw refuse('STORAGE', place, `the entry data/${storage.key}`, 'none in the zip')
    checkStorage(refuse, place, storage, entry, storages)
    tensors.set(name, locate(refuse, place, view, entry))
  }
  checkOverlaps(refuse, tensors)
  return tensors
}

function namedTensors(refuse: Refuse, root: Value): [string, TensorView][] {
  const expected = 'a dict of tensors, as torch.save(model.state_dict(), ..) writes it'
  const hint = 'save the state dict alone'
  if (root === null || typeof root !== 'object' || root.kind !== 'dict') {
    throw refuse('STATE_DICT', 'data.pkl', expected, 'another value', hint)
  }
  const isTensor = (item: [string, Value]): item is [string, TensorView] =>
    typeof item[1] === 'object' && item[1]?.kind === 'tensor'
  const items = [...root.items]
  if (items.every(isTensor)) return items
  const others = items.filter((item) => !isTensor(item)).map(([key]) => quote(key))
  throw refuse('STATE_DICT', 'data.pkl', expected, `no tensor under ${listed(others, 4)}`, hint)
}

function checkName(refuse: Refuse, place: string, name: string): void {
  const expected = `a name of 1 .. ${maxNameBytes} bytes without control characters`
  const bytes = name.length > maxNameBytes ? name.length : new TextEncoder().encode(name).length
  if (bytes === 0 || bytes > maxNameBytes) throw refuse('NAME', place, expected, `${bytes} bytes`)
  if (name === '__proto__' || /\p{Cc}/u.test(name)) throw refuse('NAME', place, expected, quote(name))
}

function checkStorage(
  refuse: Refuse,
  place: string,
  storage: Storage,
  entry: ZipEntry,
  known: Map<string, Storage>,
): void {
  const size = byteSize(storage.dtype, [storage.count])
  if (size !== entry.end - entry.begin) {
    const expected = `${size ?? 'fewer than 2^53'} bytes in data/${storage.key}, for ${storage.count} of ${storage.dtype}`
    throw refuse('STORAGE_SIZE', place, expected, `${entry.end - entry.begin}`)
  }
  const first = known.get(storage.key) ?? storage
  known.set(storage.key, first)
  if (first.dtype === storage.dtype && first.location === storage.location) return
  throw refuse('STORAGE', place, `storage ${storage.key} as ${first.dtype} everywhere`, `as ${storage.dtype} here`)
}

function locate(refuse: Refuse, place: string, view: TensorView, entry: ZipEntry): TorchTensor {
  const { shape, strides, offset, storage } = view
  const { dtype } = storage
  const count = byteSize('U8', shape)
  const bytes = byteSize(dtype, shape)
  if (count === null || bytes === null) {
    throw refuse('SIZE', place, 'a size below 2^53 bytes', `${dtype} (${shape.join(', ')})`)
  }
  if (!isRowMajor(shape, strides)) {
    const expected = `row-major strides for (${shape.join(', ')})`
    const hint = 'save contiguous tensors: {k: v.contiguous() for k, v in state_dict.items()}'
    throw refuse('STRIDES', place, expected, `(${strides.join(', ')})`, hint)
  }
  if (count > storage.count - offset) {
    const found = `elements ${offset} to ${offset + count}`
    throw refuse('RANGE', place, `a view within the ${storage.count} elements of storage ${storage.key}`, found)
  }
  const begin = entry.begin + (byteSize(dtype, [offset]) ?? 0)
  return { dtype, shape, begin, end: begin + bytes, entry }
}

/** As torch's is_contiguous: the stride of an axis of size 1 says nothing, nor does any stride of an empty tensor. */
function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  if (shape.includes(0)) return true
  let stride = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== stride) return false
    stride *= shape[axis]
  }
  return true
}

function checkOverlaps(refuse: Refuse, tensors: ReadonlyMap<string, TorchTensor>): void {
  const filled = [...tensors].filter(([, { begin, end }]) => begin < end)
  filled.sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end)
  for (let i = 1; i < filled.length; i++) {
    const [[before, a], [name, b]] = [filled[i - 1], filled[i]]
    const same = a.begin === b.begin && a.end === b.end && `${a.shape}` === `${b.shape}`
    if (same || a.end <= b.begin) continue
    const expected = `elements of its own, or the very view of ${quote(before)}`
    throw refuse('OVERLAP', `tensor ${quote(name)}`, expected, 'a view that shares some with it')
  }
}
