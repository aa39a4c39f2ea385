// PNG to RGB in three steps: walk the chunks, inflate the pixels, turn each row into RGB as it comes.
import { SailError } from '../../errors.ts'
import { exifOrientation } from '../exif.ts'
import type { DecodeContext, RgbImage } from '../rgb-image.ts'
import { readChunks } from './chunks.ts'
import { InflateError, inflate } from './inflate.ts'
import { inflatedSize, Rows } from './rows.ts'

/** Deflate cannot do better than 258 bytes in 2 bits, so this many bytes come out of one at most. */
const MOST_PER_BYTE = 1032

/**
 * The pixels of a PNG file, equal to Pillow's `convert("RGB")`.
 * @throws SailError E_PNG_CHUNK, E_PNG_CRC, E_PNG_HEADER, E_PNG_PALETTE, E_PNG_TRUNCATED, E_PNG_INFLATE, E_PNG_FILTER,
 *   E_PNG_EXCESS, E_IMAGE_TOO_LARGE
 */
export async function decodePng(bytes: Uint8Array, context: DecodeContext): Promise<RgbImage> {
  const { header, palette, idat, exif } = await readChunks(bytes, context)
  const { width, height } = header
  const wanted = inflatedSize(header)
  const given = idat.reduce((sum, part) => sum + part.length, 0)
  const truncated = (found: string) =>
    new SailError('E_PNG_TRUNCATED', {
      file: context.file,
      place: 'IDAT',
      expected: `${wanted} inflated bytes for ${width} x ${height} pixels`,
      found,
      hint: 'the file is damaged; fetch or save it again',
    })
  if (given * MOST_PER_BYTE < wanted) throw truncated(`${given} bytes, which cannot hold them`)
  const rows = new Rows(header, palette, context.file)
  try {
    await inflate(idat, (piece) => rows.push(piece))
  } catch (cause) {
    if (!(cause instanceof InflateError)) throw cause
    throw new SailError('E_PNG_INFLATE', {
      file: context.file,
      place: 'IDAT',
      expected: 'a whole zlib stream',
      found: 'damaged or missing data',
      hint: 'the file is damaged; fetch or save it again',
      cause,
    })
  }
  if (!rows.complete) throw truncated('fewer')
  return { data: rows.rgb, width, height, exifOrientation: exif === null ? null : exifOrientation(exif) }
}
