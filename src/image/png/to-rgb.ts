// One unfiltered row to RGB, as Pillow's convert("RGB") has it: grey of 1, 2 and 4 bits is stretched to 0..255, grey of 16
// bits is CLIPPED to 255 (Pillow reads it as 16-bit integers), every other 16-bit sample keeps its high byte. Alpha and
// tRNS are dropped without compositing, gAMA is not applied.
//   stored pixel, 16-bit RGBA: |R hi|R lo|G hi|G lo|B hi|B lo|A hi|A lo|
import type { Header } from './header.ts'

/**
 * Writes the pixels of one row.
 * @param row stored bytes from `at` on   @param n pixels   @param out RGB from `o` on, `hop` bytes from pixel to pixel
 * @param palette (entries * 3), only looked at for colour type 3
 * @returns the first index past the palette, or -1
 */
export type RowWriter = (row: Uint8Array, at: number, n: number, out: Uint8Array, o: number, hop: number) => number

export function rowWriter({ colour, depth, bits }: Header, palette: Uint8Array): RowWriter {
  if (depth < 8) return packed(depth, colour === 3 ? palette : greys(depth))
  if (colour === 3) return packed(8, palette)
  const pixel = bits >> 3
  const sample = depth >> 3
  if (colour === 0 && depth === 16) return clippedGrey
  return colour === 0 || colour === 4 ? spread(pixel, 0, 0) : spread(pixel, sample, 2 * sample)
}

/** Grey levels of a depth below 8 as a palette: the largest value is 255. */
function greys(depth: number): Uint8Array {
  const levels = 1 << depth
  return Uint8Array.from({ length: levels * 3 }, (_, i) => (Math.floor(i / 3) * 255) / (levels - 1))
}

/** Several pixels a byte, the leftmost in the highest bits. */
function packed(depth: number, palette: Uint8Array): RowWriter {
  const entries = palette.length / 3
  const mask = (1 << depth) - 1
  const pixelwise: RowWriter = (row, at, n, out, o, hop) => {
    for (let x = 0; x < n; x++, o += hop) {
      const bit = x * depth
      const index = (row[at + (bit >> 3)] >> (8 - depth - (bit & 7))) & mask
      if (index >= entries) return index
      out[o] = palette[index * 3]
      out[o + 1] = palette[index * 3 + 1]
      out[o + 2] = palette[index * 3 + 2]
    }
    return -1
  }
  return depth === 8 || entries <= mask ? pixelwise : bytewise(8 / depth, pixelwise)
}

/**
 * Long rows of pixels side by side, a whole byte of them at a time: its RGB bytes are looked up and stored as words. A file
 * of one bit a pixel may declare a picture 25,000 times its size, and this is where its time goes.
 */
function bytewise(pixels: number, pixelwise: RowWriter): RowWriter {
  const size = pixels * 3
  let table: DataView | null = null
  return (row, at, n, out, o, hop) => {
    if (hop !== 3 || n < 256) return pixelwise(row, at, n, out, o, hop)
    table ??= pixelsOfBytes(pixels, pixelwise)
    const to = new DataView(out.buffer, out.byteOffset + o, n * 3)
    const whole = Math.floor(n / pixels)
    for (let i = 0, p = 0; i < whole; i++) {
      const end = p + size
      let from = row[at + i] * size
      for (; p + 4 <= end; p += 4, from += 4) to.setUint32(p, table.getUint32(from))
      for (; p < end; p += 2, from += 2) to.setUint16(p, table.getUint16(from))
    }
    return pixelwise(row, at + whole, n - whole * pixels, out, o + whole * size, hop)
  }
}

/** The RGB bytes of every byte's pixels. */
function pixelsOfBytes(pixels: number, pixelwise: RowWriter): DataView {
  const table = new Uint8Array(256 * pixels * 3)
  pixelwise(
    Uint8Array.from({ length: 256 }, (_, byte) => byte),
    0,
    256 * pixels,
    table,
    0,
    3,
  )
  return new DataView(table.buffer)
}

/** R, G and B are the bytes 0, g and b of a stored pixel. */
function spread(pixel: number, g: number, b: number): RowWriter {
  return (row, at, n, out, o, hop) => {
    for (let x = 0; x < n; x++, at += pixel, o += hop) {
      out[o] = row[at]
      out[o + 1] = row[at + g]
      out[o + 2] = row[at + b]
    }
    return -1
  }
}

const clippedGrey: RowWriter = (row, at, n, out, o, hop) => {
  for (let x = 0; x < n; x++, at += 2, o += hop) {
    const v = row[at] > 0 ? 255 : row[at + 1]
    out[o] = v
    out[o + 1] = v
    out[o + 2] = v
  }
  return -1
}
