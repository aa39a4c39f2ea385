// A decoded picture: 8-bit RGB, rows from top to bottom, no padding. Whatever the file held, this is what Pillow's
// `Image.open(file).convert("RGB")` gives, byte for byte.
import { SailError } from '../errors.ts'

export interface RgbImage {
  /** (height, width, 3), row-major. */
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
  /** EXIF orientation 1 to 8, null when the file has none. Upstream ignores it, so it is read but never applied. */
  readonly exifOrientation: number | null
  /** What errors call it. */
  readonly file?: string
}

/** Pillow refuses pictures of more pixels than this (its decompression bomb rule). */
export const MAX_PIXELS = 178_956_970
/** The cap may be raised to this: three bytes a pixel still fit into one array. */
export const MOST_PIXELS = 2 ** 31 - 1

/** Memory for pixels. @throws SailError E_MEMORY where the engine refuses it in one piece */
export function reserve<T>(file: string, make: () => T): T {
  try {
    return make()
  } catch (cause) {
    const hint = 'scale the picture down first, or use a machine with more memory'
    const expected = 'memory for its pixels'
    throw new SailError('E_MEMORY', { file, expected, found: 'an engine that refuses it', hint, cause })
  }
}

/** What a decoder needs to know besides the bytes. */
export interface DecodeContext {
  /** Name of the file for messages. */
  readonly file: string
  readonly maxPixels: number
}

/** @throws SailError E_IMAGE_TOO_LARGE when max(1, width) * max(1, height) > maxPixels */
export function checkPixels(width: number, height: number, { file, maxPixels }: DecodeContext): void {
  if (Math.max(1, width) * Math.max(1, height) <= maxPixels) return
  throw new SailError('E_IMAGE_TOO_LARGE', {
    file,
    expected: `at most ${maxPixels} pixels`,
    found: `${width} x ${height}`,
    hint: 'scale the picture down first, or raise maxPixels if you trust it',
  })
}

/**
 * An RgbImage from raw RGB bytes.
 * @param data (height, width, 3)
 * @throws SailError E_IMAGE_RAW when a side is not a whole number of 1 or more, or the length is not height * width * 3
 */
export function rgbImage(raw: { data: Uint8Array; width: number; height: number; file?: string }): RgbImage {
  const { data, width, height, file = 'image' } = raw
  const whole = (side: number) => Number.isSafeInteger(side) && side >= 1
  if (!whole(width) || !whole(height) || !(data instanceof Uint8Array) || data.length !== height * width * 3)
    throw new SailError('E_IMAGE_RAW', {
      file,
      expected: 'width and height of 1 or more, and height * width * 3 bytes of RGB in a Uint8Array',
      found: `${width} x ${height} and ${data instanceof Uint8Array ? data.length : typeof data} bytes`,
      hint: 'drop the alpha channel if there is one',
    })
  return { data, width, height, exifOrientation: null, file }
}
