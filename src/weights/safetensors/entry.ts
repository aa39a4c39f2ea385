// One tensor's entry in a safetensors header: {"dtype": "BF16", "shape": [4, 3], "data_offsets": [128, 152]}.
// The name, the dtype, the shape, the offsets and their agreement are each checked on their own, with a code of their
// own. A shape is what a checkpoint claims, so its product is checked for overflow before anything is made from it.

import type { JsonObject, JsonValue } from '../../config/json.ts'
import { quote } from '../../config/quote.ts'
import { SailError } from '../../errors.ts'
import { byteSize, isDtype, type SafetensorsDtype } from './dtypes.ts'

export interface TensorEntry {
  readonly dtype: SafetensorsDtype
  readonly shape: readonly number[]
  /** First byte in the file, and the byte after the last. */
  readonly begin: number
  readonly end: number
}

const maxRank = 8
const maxNameBytes = 1024
const control = /\p{Cc}/u

/**
 * @param dataBegin where the data begin in the file; header offsets count from there
 * @throws SailError E_SAFETENSORS_NAME, _ENTRY, _DTYPE, _SHAPE, _RANK, _OVERFLOW, _OFFSETS, _SIZE
 */
export function readEntry(
  file: string,
  dataBegin: number,
  [name, value]: readonly [string, JsonValue],
): [string, TensorEntry] {
  const refuse = (code: string, part: string, expected: string, found: string): SailError =>
    new SailError(`E_SAFETENSORS_${code}`, { file, place: `tensor ${quote(name)}${part}`, expected, found })
  checkName(file, name)
  if (!(value instanceof Map))
    throw refuse('ENTRY', '', 'an object with dtype, shape and data_offsets', quote(String(value), 30))

  const dtype = entryDtype(value, refuse)
  const shape = entryShape(value, refuse)
  const offsets = value.get('data_offsets')
  const [from, to] = Array.isArray(offsets) && offsets.length === 2 && offsets.every(isCount) ? offsets : []
  if (from === undefined || to === undefined || to < from) {
    throw refuse('OFFSETS', ', data_offsets', 'two integers [begin, end], 0 <= begin <= end < 2^53', shown(offsets))
  }
  const size = byteSize(dtype, shape)
  if (size === null) {
    throw refuse('OVERFLOW', ', shape', 'a size in whole bytes below 2^53', `${dtype} (${shape.join(', ')})`)
  }
  if (to - from !== size) {
    throw refuse('SIZE', ', data_offsets', `${size} bytes for ${dtype} (${shape.join(', ')})`, `${to - from}`)
  }
  return [name, { dtype, shape, begin: dataBegin + from, end: dataBegin + to }]
}

type Refuse = (code: string, part: string, expected: string, found: string) => SailError

function entryDtype(entry: JsonObject, refuse: Refuse): SafetensorsDtype {
  const dtype = entry.get('dtype')
  if (typeof dtype !== 'string' || !isDtype(dtype))
    throw refuse('DTYPE', ', dtype', 'a dtype of safetensors', shown(dtype))
  return dtype
}

function entryShape(entry: JsonObject, refuse: Refuse): readonly number[] {
  const shape = entry.get('shape')
  if (!Array.isArray(shape) || !shape.every(isCount)) {
    throw refuse('SHAPE', ', shape', 'an array of integers, each written plainly, 0 .. 2^53 - 1', shown(shape))
  }
  if (shape.length > maxRank) throw refuse('RANK', ', shape', `at most ${maxRank} axes`, `${shape.length}`)
  return shape
}

/** Numbers that were not written as plain unsigned integers arrive here as NaN. */
function isCount(value: JsonValue): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value)
}

function checkName(file: string, name: string): void {
  const refuse = (expected: string, found: string): SailError =>
    new SailError('E_SAFETENSORS_NAME', { file, place: `tensor ${quote(name)}`, expected, found })
  if (name === '') throw refuse('a name', 'an empty one')
  if (name === '__proto__') throw refuse('a name that is no property of every object', 'that')
  if (control.test(name)) throw refuse('a name without control characters', 'one')
  const bytes = name.length > maxNameBytes ? name.length : new TextEncoder().encode(name).length
  if (bytes > maxNameBytes) throw refuse(`at most ${maxNameBytes} bytes`, `${bytes}`)
}

/** A header value for an error message. */
function shown(value: JsonValue | undefined): string {
  if (value === undefined) return 'none'
  if (Array.isArray(value)) return `[${value.slice(0, 10).map(shown).join(', ')}${value.length > 10 ? ', ..' : ''}]`
  if (typeof value === 'number') return Number.isNaN(value) ? 'a number that is none of these' : `${value}`
  return value instanceof Map ? 'an object' : quote(String(value), 30)
}
