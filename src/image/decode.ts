// Bytes of an image file to RGB. The first bytes decide what it is, never the name. Only PNG and JPEG are decoded; for every
// other known format the error says how to convert it, because a picture that is almost right is a wrong answer.
import { SailError } from '../errors.ts'
import { decodeJpeg } from './jpeg/decode.ts'
import { decodePng } from './png/decode.ts'
import { type DecodeContext, MAX_PIXELS, type RgbImage } from './rgb-image.ts'

/** First bytes of a file; `.` stands for any byte. */
const FORMATS: readonly (readonly [name: string, first: string])[] = [
  ['PNG', '\x89PNG\r\n\x1a\n'],
  ['JPEG', '\xff\xd8\xff'],
  ['WebP', 'RIFF....WEBP'],
  ['AVIF', '....ftypavi'],
  ['HEIC', '....ftyphe'],
  ['HEIF', '....ftypmif1'],
  ['HEIF', '....ftypmsf1'],
  ['GIF', 'GIF8'],
  ['TIFF', 'II*\0'],
  ['TIFF', 'MM\0*'],
  ['BMP', 'BM'],
  ['JPEG XL', '\xff\x0a'],
  ['JPEG XL', '\0\0\0\x0cJXL '],
  ['JPEG 2000', '\0\0\0\x0cjP  '],
  ['JPEG 2000', '\xffO\xffQ'],
  ['icon', '\0\0\x01\0'],
  ['Photoshop', '8BPS'],
  ['PDF', '%PDF'],
  ['SVG', '<svg'],
  ['XML or SVG', '<?xml'],
  ['HTML', '<!DOCTYPE'],
  ['HTML', '<html'],
  ['Git LFS pointer', 'version https://git-lfs'],
]

export interface DecodeOptions {
  /** Name for messages, default "image". */
  readonly file?: string
  /** Largest width * height accepted, default 178,956,970 as Pillow. */
  readonly maxPixels?: number
}

/**
 * The RGB pixels of a PNG or JPEG file, equal to Pillow's `Image.open(file).convert("RGB")` byte for byte.
 * EXIF orientation is reported and not applied, alpha is dropped, as upstream does.
 * @throws SailError E_IMAGE_EMPTY, E_IMAGE_FORMAT (known but not read), E_IMAGE_UNKNOWN, E_IMAGE_TOO_LARGE, E_MEMORY, E_PNG_*, E_JPEG_*
 */
export async function decodeImage(bytes: Uint8Array, options: DecodeOptions = {}): Promise<RgbImage> {
  const context: DecodeContext = { file: options.file ?? 'image', maxPixels: options.maxPixels ?? MAX_PIXELS }
  const { file } = context
  const expected = 'a PNG or JPEG file'
  if (bytes.length === 0) throw new SailError('E_IMAGE_EMPTY', { file, expected, found: '0 bytes' })
  const format = FORMATS.find(([, first]) => startsWith(bytes, first))?.[0]
  if (format === 'PNG') return decodePng(bytes, context)
  if (format === 'JPEG') return decodeJpeg(bytes, context)
  const start = Array.from(bytes.subarray(0, 8), (b) => b.toString(16).padStart(2, '0')).join(' ')
  if (format === undefined) throw new SailError('E_IMAGE_UNKNOWN', { file, expected, found: `bytes ${start}` })
  throw new SailError('E_IMAGE_FORMAT', {
    file,
    expected,
    found: format,
    hint: `convert it, for instance: python -c "from PIL import Image; Image.open('in').convert('RGB').save('out.png')"`,
  })
}

function startsWith(bytes: Uint8Array, first: string): boolean {
  for (let i = 0; i < first.length; i++) if (first[i] !== '.' && bytes[i] !== first.charCodeAt(i)) return false
  return true
}
