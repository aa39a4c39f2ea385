// The largest pictures that files of at most 64 KiB can hold, and files that make the most work of their bytes. Deflate gives
// 1,032 bytes for one at best, a progressive JPEG a block of 64 samples for one bit.
import { deflateSync } from 'node:zlib'
import { chunk, header, png } from '../../image/files.ts'
import { type Bytes, concat } from '../bytes.ts'
import type { Extreme } from '../parser.ts'

const end = chunk('IEND', [])

/** Rows of zeros, each with this filter. */
function rows(width: number, height: number, bits: number, filter = 0): Bytes {
  const row = Math.ceil((width * bits) / 8) + 1
  const bytes = new Uint8Array(row * height)
  if (filter !== 0) for (let y = 0; y < height; y++) bytes[y * row] = filter
  return bytes
}

function blank(width: number, height: number, depth: number, colour: number, inflated: Bytes, interlace = 0): Extreme {
  const palette = colour === 3 ? [chunk('PLTE', new Uint8Array(6))] : []
  const pixels = chunk('IDAT', deflateSync(inflated, { level: 9 }))
  return [png(header(width, height, depth, colour, interlace), ...palette, pixels, end), width * height * 3]
}

/** Adam7 sends every pixel once, so with byte-wide passes the size is that of the picture and a filter byte a row. */
function adam7(side: number): Bytes {
  const steps = [
    [8, 8],
    [8, 8],
    [4, 8],
    [4, 4],
    [2, 4],
    [2, 2],
    [1, 2],
  ]
  return new Uint8Array(steps.reduce((sum, [dx, dy]) => sum + (side / dy) * (side / dx / 8 + 1), 0))
}

export function pngExtremes(): Extreme[] {
  const text = deflateSync(new Uint8Array(60_000), { level: 9 })
  const texts = Array.from({ length: 400 }, () => chunk('zTXt', concat(Uint8Array.of(65, 0, 0), text)))
  const pixel = [header(1, 1, 8, 0), chunk('IDAT', deflateSync(new Uint8Array(2))), end] as const
  const cut = rows(12_000, 8000, 1)
  return [
    [png(pixel[0], ...texts, pixel[1], end), 3],
    [png(pixel[0], ...Array.from({ length: 5000 }, () => chunk('tEXt', [65])), pixel[1], end), 3],
    [png(pixel[0], ...Array.from({ length: 5000 }, () => chunk('IDAT', [])), pixel[1], end), 3],
    blank(4000, 4000, 8, 2, rows(4000, 4000, 24, 4)),
    blank(1, 10_000_000, 1, 0, rows(1, 10_000_000, 1)),
    blank(8000, 8000, 1, 0, adam7(8000), 1),
    blank(4000, 14_000, 8, 0, rows(4000, 14_000, 8)),
    [blank(12_000, 8000, 1, 0, cut.subarray(0, -1))[0], 12_000 * 8000 * 3],
    blank(20_000, 8900, 1, 3, rows(20_000, 8900, 1)),
  ]
}

const segment = (marker: number, ...data: readonly number[]): Bytes =>
  Uint8Array.of(0xff, marker, (data.length + 2) >> 8, (data.length + 2) & 255, ...data)
/** A Huffman table of one code, the bit 0, that stands for this symbol. */
const oneCode = (kind: number, symbol: number): Bytes =>
  segment(0xc4, kind, 1, ...new Array<number>(15).fill(0), symbol)

/** A picture of `n` components whose every block is one bit, and `scans` scans that say "nothing more" of all blocks. */
function dark(n: number, height: number, scans: number): Extreme {
  const width = 5760
  const blocks = (width / 8) * (height / 8)
  const ids = Array.from({ length: n }, (_, i) => i + 1)
  const parts = [
    ...[Uint8Array.of(0xff, 0xd8), segment(0xdb, 0, ...new Array<number>(64).fill(1)), oneCode(0, 0)],
    segment(0xc2, 8, height >> 8, height & 255, width >> 8, width & 255, n, ...ids.flatMap((id) => [id, 0x11, 0])),
    segment(0xda, n, ...ids.flatMap((id) => [id, 0]), 0, 0, 0),
    new Uint8Array(Math.ceil((blocks * n) / 8)),
    oneCode(0x10, 0xe0),
  ]
  const bands = Math.floor(scans / n)
  for (const id of ids)
    for (let band = 0; band < bands; band++) {
      const [first, last] = [1 + Math.floor((band * 63) / bands), Math.floor(((band + 1) * 63) / bands)]
      parts.push(segment(0xda, 1, id, 0, first, last, 0), endOfBlocks(blocks))
    }
  return [concat(...parts, Uint8Array.of(0xff, 0xd9)), width * height * 3]
}

/** The code 0 and 14 bits, often enough: each ends a run of 2^14 + 2^14 - 2 blocks. Never a byte FF. */
function endOfBlocks(blocks: number): Bytes {
  const text = '011111111111110'.repeat(Math.ceil(blocks / 32_766)).padEnd(8, '0')
  const bytes = Uint8Array.from({ length: Math.ceil(text.length / 8) }, (_, i) =>
    Number.parseInt(text.slice(8 * i, 8 * i + 8).padEnd(8, '0'), 2),
  )
  return concat(...Array.from(bytes, (byte) => (byte === 255 ? Uint8Array.of(255, 0) : Uint8Array.of(byte))))
}

export function jpegExtremes(): Extreme[] {
  const empty = Uint8Array.of(0xff, 0xd8)
  return [
    [concat(empty, ...Array.from({ length: 3200 }, () => oneCode(0, 0)), Uint8Array.of(0xff, 0xd9)), 0],
    [concat(empty, ...Array.from({ length: 16_000 }, () => segment(0xfe)), Uint8Array.of(0xff, 0xd9)), 0],
    dark(4, 1440, 4),
    dark(3, 1920, 3),
    dark(3, 1728, 96),
    dark(1, 5200, 63),
    dark(1, 5760, 1),
  ]
}
