// What a packed file says about itself, in the safetensors metadata (strings):
//   format   sail-packed/1            how to read the rest
//   layout   1                        LAYOUT of formats/packed.ts: what the kernels make of the bytes
//   weights  q4                       what the layers' matrices are in
//   source   64 digits                hash of the checkpoint it was made from: source-hash.ts
//   config   {"vocab_size": ..}       its config.json, letter by letter
//   files    2                        how many files belong together
//   parts    {"model.norm.weight.rows": {"format": "f32", "shape": [4096], "sum": "64 digits"}, ..}
// Each part is a tensor of dtype U8 and shape (bytes) of that name: formats/packed-weights.ts. docs/packed.md has it all.
import { type JsonValue, readJson } from '../../config/json.ts'
import { quote } from '../../config/quote.ts'
import { SailError } from '../../errors.ts'
import { LAYOUT, type PackedFormat } from '../formats/packed.ts'
import { type PackedPart, type PackedWeights, partBytes, partKey } from '../formats/packed-weights.ts'

export const FORMAT = 'sail-packed/1'

/** What all files of a folder agree on. */
export interface PackedHead {
  readonly weights: PackedWeights['weights']
  readonly source: string
  readonly config: string
  readonly files: number
}

export function writeMetadata(head: PackedHead, parts: Iterable<PackedPart>): Map<string, string> {
  const described = [...parts].map((part) => {
    const { format, shape, sum } = part
    return [partKey(part), { format, shape, sum }] as const
  })
  return new Map([
    ['format', FORMAT],
    ['layout', `${LAYOUT}`],
    ['weights', head.weights],
    ['source', head.source],
    ['config', head.config],
    ['files', `${head.files}`],
    ['parts', JSON.stringify(Object.fromEntries(described))],
  ])
}

/** @throws SailError E_PACKED_VERSION, E_PACKED_METADATA */
export function readHead(file: string, metadata: ReadonlyMap<string, string>): PackedHead {
  checkVersion(file, 'format', FORMAT, metadata.get('format'))
  checkVersion(file, 'layout', `${LAYOUT}`, metadata.get('layout'))
  const text = (key: string, pattern: RegExp, expected: string): string => {
    const value = metadata.get(key)
    if (value !== undefined && pattern.test(value)) return value
    throw wrong(file, key, expected, value === undefined ? 'none' : quote(value))
  }
  return {
    weights: text('weights', /^(bf16|q8|q4)$/, 'bf16, q8 or q4') as PackedHead['weights'],
    source: text('source', /^[0-9a-f]{64}$/, '64 digits'),
    config: text('config', /^/, 'the text of config.json'),
    files: Number(text('files', /^[1-9]\d{0,3}$/, 'a number of files')),
  }
}

/** The parts of one file, by name. @throws SailError E_PACKED_METADATA, E_PACKED_PART; E_PACKED_JSON and the like */
export function readParts(
  file: string,
  metadata: ReadonlyMap<string, string>,
  tensors: ReadonlyMap<string, { readonly dtype: string; readonly byteLength: number }>,
): Map<string, PackedPart> {
  const bytes = new TextEncoder().encode(metadata.get('parts') ?? '')
  const root = readJson(bytes, { file, subject: 'PACKED', maxBytes: 25_000_000, maxDepth: 4 })
  if (!(root instanceof Map)) throw wrong(file, 'parts', 'an object', quote(metadata.get('parts') ?? ''))
  const parts = new Map([...root].map(([key, value]) => [key, readPart(file, key, value)]))
  for (const name of tensors.keys()) if (!parts.has(name)) throw misfit(file, name, 'a description in parts', 'none')
  for (const [key, part] of parts) {
    const tensor = tensors.get(key)
    const size = partBytes(part)
    if (tensor === undefined) throw misfit(file, key, `${size} bytes of data`, 'none')
    if (tensor.byteLength !== size || tensor.dtype !== 'U8')
      throw misfit(file, key, `${size} bytes, dtype U8`, `${tensor.byteLength}, ${tensor.dtype}`)
  }
  return parts
}

function readPart(file: string, key: string, value: JsonValue): PackedPart {
  const [, name, layout] = /^(.+)\.(panels|rows)$/s.exec(key) ?? []
  const part = value instanceof Map ? Object.fromEntries(value) : {}
  const { format, shape, sum } = part
  if (name === undefined || (layout !== 'panels' && layout !== 'rows'))
    throw misfit(file, key, 'a name that ends in .panels or .rows', quote(key))
  if (!isFormat(format) || (layout === 'rows' && format !== 'f32' && format !== 'bf16'))
    throw misfit(file, key, layout === 'rows' ? 'format f32 or bf16' : 'format f32, bf16, q8 or q4', `${format}`)
  if (!isShape(shape) || (layout === 'panels' && shape.length !== 2))
    throw misfit(file, key, 'a shape of one or two sizes', `${shape}`)
  if (typeof sum !== 'string' || !/^[0-9a-f]{64}$/.test(sum)) throw misfit(file, key, 'a sum of 64 digits', `${sum}`)
  return { name, layout, format, shape, sum }
}

function isFormat(value: JsonValue | undefined): value is PackedFormat {
  return value === 'f32' || value === 'bf16' || value === 'q8' || value === 'q4'
}

/** Small enough for every product of sizes to stay a whole number. */
function isShape(value: JsonValue | undefined): value is number[] {
  const isSize = (size: JsonValue): boolean =>
    typeof size === 'number' && Number.isInteger(size) && size > 0 && size < 2 ** 24
  return Array.isArray(value) && (value.length === 1 || value.length === 2) && value.every(isSize)
}

function checkVersion(file: string, key: string, expected: string, found: string | undefined): void {
  if (found === expected) return
  throw new SailError('E_PACKED_VERSION', {
    file,
    place: `metadata, ${key}`,
    expected,
    found: found === undefined ? 'none' : quote(found),
    hint: 'it was packed by another version: run sail quantize again',
  })
}

function wrong(file: string, key: string, expected: string, found: string): SailError {
  return new SailError('E_PACKED_METADATA', { file, place: `metadata, ${key}`, expected, found, hint: again })
}

function misfit(file: string, part: string, expected: string, found: string): SailError {
  return new SailError('E_PACKED_PART', { file, place: quote(part), expected, found, hint: again })
}

const again = 'run sail quantize again'
