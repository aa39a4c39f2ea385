// torch checkpoints: the zip is damaged as bytes, or its pickle, opcode by opcode, and packed again with the right CRC, so
// that the unpickler sees it. An accepted file gives every tensor in exactly the bytes it declares.
import { bytesSource } from '../../../src/weights/byte-source.ts'
import { openTorch } from '../../../src/weights/torch/open.ts'
import { type EntryFields, zipOf } from '../../weights/torch/zip-bytes.ts'
import { type Bytes, changeBytes, concat } from '../bytes.ts'
import { type Extreme, hold, type Parser } from '../parser.ts'
import type { Random } from '../random.ts'

const folder = 'test/fixtures/torch'
const valid = ['plain', 'dtypes', 'module', 'parameters', 'tied', 'views', 'repacked', 'repacked-zip64']
const others = ['hostile/system', 'hostile/nested', 'refused/sparse', 'refused/protocol-4', 'refused/legacy-plain']

const latin = (text: string): Bytes => Uint8Array.from(text, (c) => c.charCodeAt(0))
const opcodes = [
  ...[
    '}',
    '(',
    ')',
    ']',
    'N',
    '.',
    'R',
    'Q',
    's',
    'u',
    't',
    'b',
    '0',
    '2',
    'q\0',
    'h\0',
    'h\x01',
    'K\x01',
    'M\x01\x01',
    'J\xff\xff\xff\xff',
  ],
  ...[
    '\x85',
    '\x86',
    '\x87',
    '\x88',
    '\x89',
    '\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f',
    '\x8a\x00',
    '\x80\x02',
    '\x94',
    '\x93',
  ],
  ...[
    'X\x01\0\0\0a',
    'X\xff\xff\xff\x7f',
    'cos\nsystem\n',
    'cbuiltins\neval\n',
    'ctorch\nFloatStorage\n',
    'ctorch\nHalfStorage\n',
  ],
  ...[
    'ccollections\nOrderedDict\n',
    'ctorch._utils\n_rebuild_tensor_v2\n',
    'r\xff\xff\0\0',
    'j\0\0\0\0',
    '\x95\0\0\0\0\0\0\0\0',
  ],
].map(latin)

/** Whole opcodes put in or over others, in a pickle that stays one for the most part. */
function changeOpcodes(pickle: Bytes, random: Random): Bytes {
  let out = pickle
  for (let n = 1 + random.below(1 + random.below(3)); n > 0; n--) {
    const at = random.below(out.length + 1)
    const code = random.pick(opcodes)
    const times = random.below(20) === 0 ? 1 + random.below(2000) : 1
    const over = random.below(2) * code.length
    out = concat(out.subarray(0, at), ...Array.from({ length: times }, () => code), out.subarray(at + over))
  }
  return out
}

/** The stored entries of a well-formed zip, the pickle first. */
function unpack(zip: Bytes): EntryFields[] {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.length)
  const entries: EntryFields[] = []
  for (let at = 0; view.getUint32(at, true) === 0x04034b50; ) {
    const [flags, nameLength, extra] = [6, 26, 28].map((offset) => view.getUint16(at + offset, true))
    const name = new TextDecoder().decode(zip.subarray(at + 30, at + 30 + nameLength))
    const begin = at + 30 + nameLength + extra
    // torch writes the sizes behind the data; they are looked up in the directory.
    const size = sizeOf(view, zip, name)
    entries.push({ name, data: zip.slice(begin, begin + size) })
    at = begin + size
    if ((flags & 8) !== 0)
      at += view.getUint32(at, true) === 0x08074b50 && view.getUint32(at + 16, true) === 0 ? 24 : 16
  }
  return entries.sort((a, b) => Number(isPickle(b)) - Number(isPickle(a)))
}

function sizeOf(view: DataView, zip: Bytes, name: string): number {
  for (let at = 0; at + 46 < zip.length; at++) {
    if (view.getUint32(at, true) !== 0x02014b50) continue
    const length = view.getUint16(at + 28, true)
    if (new TextDecoder().decode(zip.subarray(at + 46, at + 46 + length)) !== name) continue
    const size = view.getUint32(at + 24, true)
    return size === 0xffffffff ? Number(view.getBigUint64(at + 46 + length + 4, true)) : size
  }
  throw new Error(`no ${name} in the directory`)
}

const isPickle = ({ name }: EntryFields): boolean => String(name).endsWith('/data.pkl')
const archives = new Map<Bytes, EntryFields[]>()

function torchExtremes(): Extreme[] {
  const pickled = (text: string): Extreme => [zipOf([{ name: 'm/data.pkl', data: latin(`\x80\x02${text}.`) }]), 65_536]
  const many = Array.from({ length: 700 }, (_, i) => ({ name: `m/${i}`, data: new Uint8Array(0) }))
  return [
    [zipOf(many), 65_536],
    ...['}', '(', ')', 'N', ')q\0', '}(X\x01\0\0\0aNu', 'K\x01K\x01\x86', 'h\0'].map((code) =>
      pickled(code.repeat(60_000 / code.length)),
    ),
    pickled(`}(${Array.from({ length: 5000 }, (_, i) => `X\x04\0\0\0${String(i).padStart(4)}N`).join('')}u`),
  ]
}

export const torch: Parser = {
  name: 'torch .bin',
  seeds(read) {
    const files = [...valid.map((name) => `valid/${name}`), ...others].map((name) => read(`${folder}/${name}.bin`))
    for (const file of files.slice(0, -1)) archives.set(file, unpack(file))
    return files
  },
  change(seed, random, seeds) {
    const [pickle, ...rest] = archives.get(seed) ?? archives.get(seeds[0])!
    const data =
      random.below(2) === 0 ? changeOpcodes(pickle.data, random) : changeBytes(pickle.data, random, [pickle.data])
    return zipOf([{ ...pickle, data }, ...rest], random.below(4) === 0 ? { wide: {} } : {})
  },
  async run(bytes) {
    const shard = await openTorch(bytesSource('x.bin', bytes))
    for (const [name, { byteLength }] of shard.tensors)
      hold((await shard.read(name)).length === byteLength, 'a tensor of the declared bytes')
    return bytes.length
  },
  extremes: torchExtremes,
  codes: /^E_(?:TORCH|ZIP)_[A-Z0-9_]+$/,
}
