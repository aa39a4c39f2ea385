// What the chunks of a PNG file hold. The pixels are one zlib stream, cut into IDAT chunks that follow each other. Checked
// is what Pillow checks, or more: every CRC up to the first IDAT; not the CRC of IDAT, whose Adler-32 already covers the
// pixels; behind the pixels only that chunks are whole. A missing IEND and bytes behind it are let pass, as Pillow does.
// Source: W3C PNG specification, 5.6; Pillow `PngImagePlugin.py`.
import type { DecodeContext } from '../rgb-image.ts'
import { Ancillary } from './ancillary.ts'
import { type Chunk, ChunkStream } from './chunk-stream.ts'
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

/** @throws SailError E_PNG_CHUNK, E_PNG_CRC, E_PNG_TRUNCATED, E_PNG_HEADER, E_PNG_PALETTE, E_IMAGE_TOO_LARGE */
export async function readChunks(bytes: Uint8Array, context: DecodeContext): Promise<PngFile> {
  const stream = new ChunkStream(bytes, context.file)
  const first = stream.next()
  if (first?.type !== 'IHDR')
    throw stream.fault('E_PNG_CHUNK', 'first chunk', 'IHDR', first?.type ?? 'the end of the file')
  stream.verify(first)
  const header = parseHeader(first.data, context)
  const ancillary = new Ancillary(header, context.file)

  let palette: Uint8Array | null = null
  let chunk = stream.next()
  for (; chunk !== null && chunk.type !== 'IDAT'; chunk = stream.next()) {
    stream.verify(chunk)
    const { type, data, place } = chunk
    if (type === 'IEND' || (type === 'PLTE' && palette !== null))
      throw stream.fault('E_PNG_CHUNK', place, 'IDAT before it', 'none')
    if (type === 'PLTE') palette = data
    else await ancillary.check(type, data, place)
  }
  checkPalette(stream, header, palette)

  const { animated } = ancillary
  const idat: Uint8Array[] = []
  for (; chunk?.type === 'IDAT'; chunk = stream.next()) idat.push(chunk.data)
  if (idat.length === 0) throw stream.fault('E_PNG_TRUNCATED', 'IDAT', 'the pixels', 'the end of the file')
  for (let rest: Chunk | null = chunk; rest !== null && rest.type !== 'IEND'; rest = stream.next()) {
    if (animated && rest.type === 'fcTL') break // the next frame; what follows is never read
    await ancillary.check(rest.type, rest.data, rest.place)
  }
  return { header, palette: palette ?? new Uint8Array(0), idat, exif: ancillary.exif }
}

function checkPalette(stream: ChunkStream, { colour }: Header, palette: Uint8Array | null): void {
  const entries = (palette?.length ?? 0) / 3
  if (Number.isInteger(entries) && entries <= 256 && (colour !== 3 || entries > 0)) return
  throw stream.fault('E_PNG_PALETTE', 'PLTE', '1 to 256 entries of 3 bytes', `${palette?.length ?? 0} bytes`)
}
