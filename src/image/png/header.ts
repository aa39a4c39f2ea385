// IHDR, the first chunk of every PNG: 13 bytes that fix the size and how samples are stored.
//   width u32 | height u32 | bit depth u8 | colour type u8 | compression u8 | filter u8 | interlace u8      (big-endian)
// Source: W3C PNG specification, 11.2.1.
import { SailError } from '../../errors.ts'
import { checkPixels, type DecodeContext } from '../rgb-image.ts'

export type ColourType = 0 | 2 | 3 | 4 | 6

export interface Header {
  readonly width: number
  readonly height: number
  readonly depth: number
  readonly colour: ColourType
  readonly interlaced: boolean
  /** Bits of one pixel. */
  readonly bits: number
}

const DEPTHS: Record<ColourType, readonly number[]> = {
  0: [1, 2, 4, 8, 16], // grey
  2: [8, 16], // red, green, blue
  3: [1, 2, 4, 8], // index into PLTE
  4: [8, 16], // grey, alpha
  6: [8, 16], // red, green, blue, alpha
}
const CHANNELS: Record<ColourType, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }

/** @throws SailError E_PNG_HEADER for what the specification does not allow, E_IMAGE_TOO_LARGE */
export function parseHeader(data: Uint8Array, context: DecodeContext): Header {
  const bad = (place: string, expected: string, found: number): never => {
    throw new SailError('E_PNG_HEADER', { file: context.file, place: `IHDR, ${place}`, expected, found: `${found}` })
  }
  if (data.length !== 13) bad('length', '13 bytes', data.length)
  const view = new DataView(data.buffer, data.byteOffset, data.length)
  const [width, height] = [view.getUint32(0), view.getUint32(4)]
  if (width < 1 || width > 0x7fffffff) bad('width', '1 to 2147483647', width)
  if (height < 1 || height > 0x7fffffff) bad('height', '1 to 2147483647', height)
  const [depth, colour, compression, filter, interlace] = data.subarray(8)
  if (!(colour in DEPTHS)) bad('colour type', '0, 2, 3, 4 or 6', colour)
  const type = colour as ColourType
  if (!DEPTHS[type].includes(depth)) bad('bit depth', `${DEPTHS[type].join(', ')} for colour type ${type}`, depth)
  if (compression !== 0) bad('compression', '0', compression)
  if (filter !== 0) bad('filter method', '0', filter)
  if (interlace > 1) bad('interlace', '0 or 1', interlace)
  checkPixels(width, height, context)
  return { width, height, depth, colour: type, interlaced: interlace === 1, bits: depth * CHANNELS[type] }
}
