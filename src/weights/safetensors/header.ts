// The header of a safetensors file, read strictly:
//
//   | N: u64 little-endian | N bytes of JSON, padded with spaces | tensor data, no holes |
//   {"__metadata__": {string: string}, "<name>": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ..}
//
// Offsets count from the end of the header. The tensors must cover the data exactly, without hole, overlap or rest, so
// that no byte of the file escapes the description. A tensor may start at any byte. Nothing is allocated from what the
// file claims before it is checked against the file's real length.
// Source: huggingface/safetensors, `tensor.rs`; stricter where that is lax (repeated keys, names, unknown lengths).

import { type JsonObject, type JsonValue, scanJson } from '../../config/json.ts'
import { quote } from '../../config/quote.ts'
import { SailError } from '../../errors.ts'
import type { ByteSource } from '../byte-source.ts'
import { readEntry, type TensorEntry } from './entry.ts'
import { checkMagic } from './magic.ts'

export interface SafetensorsHeader {
  /** By name, in the order of the data in the file. */
  readonly tensors: ReadonlyMap<string, TensorEntry>
  readonly metadata: ReadonlyMap<string, string>
}

export interface HeaderOptions {
  /** Longest header accepted, default 25 MB, 100 MB at most. */
  readonly maxHeaderBytes?: number
  readonly signal?: AbortSignal
}

const hardLimit = 100_000_000
const maxTensors = 100_000

/**
 * Reads and checks the header of a safetensors file; no tensor data is read.
 * @throws SailError E_SAFETENSORS_*, one code a fault; the source's own errors
 */
export async function readHeader(source: ByteSource, options: HeaderOptions = {}): Promise<SafetensorsHeader> {
  const { signal } = options
  const file = source.name
  const start = await source.read(0, Math.min(512, source.byteLength), signal)
  checkMagic(file, start)
  const length = headerLength(source, start, options.maxHeaderBytes ?? 25_000_000)
  const dataBegin = 8 + length
  const root = parseHeader(file, await source.read(8, dataBegin, signal))
  const metadata = readMetadata(file, root.get('__metadata__'))
  const entries = [...root].filter(([name]) => name !== '__metadata__')
  if (entries.length > maxTensors) {
    const expected = `at most ${maxTensors} tensors`
    throw new SailError('E_SAFETENSORS_COUNT', { file, expected, found: `${entries.length}` })
  }
  const tensors = entries.map((entry) => readEntry(file, dataBegin, entry))
  tensors.sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end)
  checkCover(source, dataBegin, tensors)
  return { tensors: new Map(tensors), metadata }
}

function headerLength({ name: file, byteLength }: ByteSource, bytes: Uint8Array, cap: number): number {
  const place = 'header length (bytes 0 to 7)'
  const claimed = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)
  const limit = Math.min(cap, hardLimit)
  // As BigInt: beyond 2^53 a number would be rounded before it is compared.
  if (claimed > BigInt(limit)) {
    const hint = 'this is not a safetensors file, or it is damaged'
    throw new SailError('E_SAFETENSORS_HEADER_LARGE', {
      file,
      place,
      expected: `at most ${limit}`,
      found: `${claimed}`,
      hint,
    })
  }
  if (claimed < 2n) {
    throw new SailError('E_SAFETENSORS_HEADER_SMALL', { file, place, expected: '2 or more', found: `${claimed}` })
  }
  const length = Number(claimed)
  if (8 + length > byteLength) {
    const found = `a file of ${byteLength} bytes`
    const expected = `${8 + length} bytes or more`
    throw new SailError('E_SAFETENSORS_HEADER_TRUNCATED', { file, place, expected, found, hint: 'fetch it again' })
  }
  return length
}

/** The header's JSON object. Numbers that are no plain unsigned safe integers become NaN; whoever uses them refuses them. */
function parseHeader(file: string, bytes: Uint8Array): JsonObject {
  if (bytes[0] !== 0x7b) {
    const found = bytes[0] === 0xef && bytes[1] === 0xbb ? 'a byte order mark' : `byte ${bytes[0]}`
    throw new SailError('E_SAFETENSORS_START', { file, place: 'byte 8', expected: '"{"', found })
  }
  const { value, rest } = scanJson(bytes, {
    file,
    subject: 'SAFETENSORS',
    maxBytes: hardLimit,
    maxDepth: 4,
    number: (text) => (/^(?:0|[1-9]\d*)$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : Number.NaN),
  })
  if (/[^ ]/.test(rest)) {
    const place = 'end of the header'
    throw new SailError('E_SAFETENSORS_PADDING', {
      file,
      place,
      expected: 'spaces only',
      found: quote(rest.trim() || rest, 20),
    })
  }
  return value as JsonObject
}

function readMetadata(file: string, value: JsonValue | undefined): Map<string, string> {
  if (value === undefined) return new Map()
  const place = '__metadata__'
  const expected = 'an object of strings'
  if (!(value instanceof Map))
    throw new SailError('E_SAFETENSORS_METADATA', { file, place, expected, found: kind(value) })
  for (const [key, text] of value) {
    if (typeof text === 'string') continue
    throw new SailError('E_SAFETENSORS_METADATA', {
      file,
      place: `${place}.${quote(key)}`,
      expected: 'a string',
      found: kind(text),
    })
  }
  return new Map(value)
}

/** The tensors, sorted by offset, must cover the data from its first byte to the end of the file. */
function checkCover(
  { name: file, byteLength }: ByteSource,
  dataBegin: number,
  tensors: readonly [string, TensorEntry][],
): void {
  let at = dataBegin
  for (const [name, { begin, end }] of tensors) {
    if (begin !== at) {
      throw new SailError(begin < at ? 'E_SAFETENSORS_OVERLAP' : 'E_SAFETENSORS_HOLE', {
        file,
        place: `tensor ${quote(name)}`,
        expected: `data that begins where the previous ends, at offset ${at - dataBegin}`,
        found: `offset ${begin - dataBegin}`,
      })
    }
    at = end
  }
  if (at === byteLength) return
  throw new SailError(at > byteLength ? 'E_SAFETENSORS_TRUNCATED' : 'E_SAFETENSORS_TRAILING', {
    file,
    place: 'end of the file',
    expected: `${at} bytes in all`,
    found: `${byteLength}`,
    hint: at > byteLength ? 'the download is not complete: fetch it again' : 'fetch it again',
  })
}

/** What a JSON value is, in words. */
function kind(value: JsonValue): string {
  if (value === null) return 'null'
  if (value instanceof Map) return 'an object'
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`
}
