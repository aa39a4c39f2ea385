// A PNG file is an 8-byte signature and then chunks:   | length u32 | type, 4 letters | data | CRC-32 of type and data |
// The pixels are one zlib stream, cut into IDAT chunks that follow each other. What is checked is what Pillow checks, or
// more: every CRC up to the first IDAT; not the CRC of IDAT, whose Adler-32 already covers the pixels; behind the pixels
// only that chunks are whole. A missing IEND and bytes behind it are let pass as Pillow does.
// Source: W3C PNG specification, clause 5; Pillow `PngImagePlugin.py`.
import { SailError } from '../../errors.ts'
import type { DecodeContext } from '../rgb-image.ts'
import { Ancillary } from './ancillary.ts'
import { crc32 } from './crc32.ts'
import { type Header, parseHeader } from './header.ts'

export interface PngFile {
  readonly header: Header
  /** (entries, 3) */
  readonly palette: Uint8Array
  /** The zlib stream of the pixels. */
  readonly idat: readonly Uint8Array[]
  /** Data of eXIf, a TIFF file, when there is one. */
  readonly exif: Uint8Array | null
}

interface Chunk {
  readonly type: string
  readonly data: Uint8Array
  readonly at: number
}

const SIGNATURE = 8

/** @throws SailError E_PNG_CHUNK, E_PNG_CRC, E_PNG_TRUNCATED, E_PNG_HEADER, E_PNG_PALETTE, E_IMAGE_TOO_LARGE */
export async function readChunks(bytes: Uint8Array, context: DecodeContext): Promise<PngFile> {
  const { file } = context
  const fault = (code: `E_${string}`, place: string, expected: string, found: string) =>
    new SailError(code, { file, place, expected, found, hint: 'the file is damaged; fetch or save it again' })
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)

  let at = SIGNATURE
  const next = (): Chunk | null => {
    if (bytes.length - at < 8) return null
    const length = view.getUint32(at)
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8))
    const place = `chunk at byte ${at}`
    if (!/^[A-Za-z]{4}$/.test(type)) throw fault('E_PNG_CHUNK', place, 'a type of 4 letters', JSON.stringify(type))
    const left = bytes.length - at - 8
    if (length > left) throw fault('E_PNG_TRUNCATED', place, `${length} bytes of ${type}`, `${left}`)
    const chunk = { type, data: bytes.subarray(at + 8, at + 8 + length), at }
    at += 12 + length
    return chunk
  }
  const verify = ({ type, data, at }: Chunk): void => {
    const end = at + 8 + data.length
    if (bytes.length < end + 4) throw fault('E_PNG_TRUNCATED', `${type} at byte ${at}`, 'a CRC', 'the end of the file')
    const [stored, made] = [view.getUint32(end), crc32(bytes.subarray(at + 4, end))]
    if (stored !== made) throw fault('E_PNG_CRC', `${type} at byte ${at}`, hex(made), hex(stored))
  }

  const first = next()
  if (first?.type !== 'IHDR') throw fault('E_PNG_CHUNK', 'first chunk', 'IHDR', first?.type ?? 'the end of the file')
  verify(first)
  const header = parseHeader(first.data, context)
  const ancillary = new Ancillary(header, file)
  let palette: Uint8Array | null = null
  let chunk = next()
  for (; chunk !== null && chunk.type !== 'IDAT'; chunk = next()) {
    verify(chunk)
    const place = `${chunk.type} at byte ${chunk.at}`
    if (chunk.type === 'IHDR' || chunk.type === 'IEND' || (chunk.type === 'PLTE' && palette !== null))
      throw fault('E_PNG_CHUNK', place, 'IDAT before it', 'none')
    if (chunk.type === 'PLTE') palette = chunk.data
    else await ancillary.check(chunk.type, chunk.data, place)
  }
  const entries = (palette?.length ?? 0) / 3
  if (!Number.isInteger(entries) || entries > 256 || (header.colour === 3 && entries < 1))
    throw fault('E_PNG_PALETTE', 'PLTE', '1 to 256 entries of 3 bytes', `${palette?.length ?? 0} bytes`)

  const { animated } = ancillary
  const idat: Uint8Array[] = []
  for (; chunk?.type === 'IDAT'; chunk = next()) idat.push(chunk.data)
  if (idat.length === 0) throw fault('E_PNG_TRUNCATED', `byte ${at}`, 'IDAT', 'the end of the file')
  for (; chunk !== null && chunk.type !== 'IEND'; chunk = next()) {
    if (animated && chunk.type === 'fcTL') break // the next frame; what follows is never read
    await ancillary.check(chunk.type, chunk.data, `${chunk.type} at byte ${chunk.at}`)
  }
  return { header, palette: palette ?? new Uint8Array(0), idat, exif: ancillary.exif }
}

function hex(n: number): string {
  return `0x${n.toString(16).padStart(8, '0')}`
}
