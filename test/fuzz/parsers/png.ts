// PNG: chunks are damaged, removed, repeated and exchanged, and get their right CRC again; the pixels are damaged before they
// are packed, so that filters, rows and palettes see it. An accepted file gives a picture of the declared size.
import { deflateSync, inflateSync } from 'node:zlib'
import { decodeImage } from '../../../src/image/decode.ts'
import { chunk, png as pngOf } from '../../image/files.ts'
import { type Bytes, changeBytes, concat } from '../bytes.ts'
import { pngExtremes } from '../extremes/pictures.ts'
import { hold, type Parser } from '../parser.ts'
import type { Random } from '../random.ts'

interface Chunk {
  readonly type: string
  readonly data: Bytes
}

const folder = 'test/fixtures/image'
const names = [
  ...['png-c2-d8-23x17', 'png-c3-d4-23x17-adam7', 'png-c6-d16-23x17', 'png-gamma-text', 'png-cut-idat', 'png-exif'],
  ...['png-c0-d1-23x17', 'png-c0-d16-23x17-adam7', 'png-c4-d8-23x17'],
]
const types = [
  'IHDR',
  'PLTE',
  'IDAT',
  'IEND',
  'tRNS',
  'gAMA',
  'tEXt',
  'zTXt',
  'iTXt',
  'iCCP',
  'eXIf',
  'acTL',
  'fcTL',
  'fdAT',
  'abCd',
  'ABCD',
]

function chunksOf(file: Bytes): Chunk[] {
  const view = new DataView(file.buffer, file.byteOffset, file.length)
  const chunks: Chunk[] = []
  for (let at = 8; at + 12 <= file.length; ) {
    const length = view.getUint32(at)
    const type = String.fromCharCode(...file.subarray(at + 4, at + 8))
    chunks.push({ type, data: file.slice(at + 8, at + 8 + length) })
    at += 12 + length
  }
  return chunks
}

function change(chunks: Chunk[], random: Random): void {
  const at = random.below(chunks.length)
  const { type, data } = chunks[at]
  switch (random.below(8)) {
    case 0:
      chunks.splice(at, 1)
      return
    case 1:
      chunks.splice(random.below(chunks.length + 1), 0, chunks[at])
      return
    case 2:
      chunks[at] = { type: random.pick(types), data }
      return
    case 3:
      chunks.splice(at, 0, { type: random.pick(types), data: random.bytes(random.below(40)) })
      return
    case 4: {
      const header = chunks.findIndex((one) => one.type === 'IHDR')
      if (header < 0) return
      const changed = chunks[header].data.slice()
      if (changed.length > 0) changed[random.below(changed.length)] = random.pick([0, 1, 2, 3, 4, 6, 8, 16, 255])
      chunks[header] = { type: 'IHDR', data: changed }
      return
    }
    case 5:
      chunks[at] = { type, data: changeBytes(data, random, [data]) }
      return
    default:
      changePixels(chunks, random)
  }
}

/** The inflated rows damaged, packed again, and cut into IDAT chunks anew. */
function changePixels(chunks: Chunk[], random: Random): void {
  const idat = chunks.filter(({ type }) => type === 'IDAT')
  if (idat.length === 0) return
  let rows: Bytes
  try {
    rows = inflateSync(concat(...idat.map(({ data }) => data)))
  } catch {
    return // an earlier change broke the stream
  }
  const packed = deflateSync(changeBytes(rows, random, [rows]), { level: random.pick([0, 1, 9]) })
  const cut = random.below(packed.length)
  const parts = [packed.subarray(0, cut), packed.subarray(cut)].map((data): Chunk => ({ type: 'IDAT', data }))
  const first = chunks.indexOf(idat[0])
  chunks.splice(first, idat.length, ...parts)
}

export const png: Parser = {
  name: 'PNG',
  seeds: (read) => names.map((name) => read(`${folder}/${name}.png`)),
  change(seed, random) {
    const chunks = chunksOf(seed)
    for (let n = 1 + random.below(1 + random.below(3)); n > 0 && chunks.length > 0; n--) change(chunks, random)
    return pngOf(...chunks.map(({ type, data }) => chunk(type, data)))
  },
  run: runImage,
  extremes: pngExtremes,
  codes: /^E_(?:IMAGE|PNG|JPEG)_[A-Z0-9_]+$/,
}

export async function runImage(bytes: Bytes): Promise<number> {
  const { data, width, height, exifOrientation: turn } = await decodeImage(bytes)
  hold(width >= 1 && height >= 1 && data.length === width * height * 3, 'a picture of the declared size')
  hold(turn === null || (turn >= 1 && turn <= 8), 'an orientation of 1 to 8')
  return data.length
}
