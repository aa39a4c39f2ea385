// An image as a caller hands it in (path, URL, bytes, Blob, RGB pixels) to decoded RGB. The orientation that a file's
// EXIF data asks for is not applied, as upstream does not; who wants to know is told.
import type { ImageInput, RawImage } from '../api.ts'
import { SailError } from '../errors.ts'
import { decodeImage } from '../image/decode.ts'
import { checkPixels, MAX_PIXELS, type RgbImage, rgbImage } from '../image/rgb-image.ts'
import { type Environment, MAX_IMAGE_BYTES, type NamedBytes, tooLarge } from './environment.ts'

export interface ImageContext {
  readonly environment: Environment
  readonly signal?: AbortSignal | undefined
  readonly logger?: ((message: string) => void) | undefined
  /** Default: Pillow's cap. */
  readonly maxPixels?: number | undefined
}

/** @throws SailError E_IMAGE_*; signal.reason */
export async function readImage(input: ImageInput, context: ImageContext): Promise<RgbImage> {
  context.signal?.throwIfAborted()
  const { maxPixels = MAX_PIXELS } = context
  if (isRaw(input)) {
    const image = rgbImage(input)
    checkPixels(image.width, image.height, { file: 'image', maxPixels })
    return image
  }
  const { bytes, file } = await bytesOf(input, context)
  const image = await decodeImage(bytes, { file, maxPixels })
  context.signal?.throwIfAborted()
  const { exifOrientation } = image
  if (exifOrientation !== null && exifOrientation !== 1)
    context.logger?.(`${file}: EXIF orientation ${exifOrientation} is not applied, as upstream does not`)
  return { ...image, file }
}

async function bytesOf(
  input: Exclude<ImageInput, RawImage>,
  { environment, signal }: ImageContext,
): Promise<NamedBytes> {
  if (typeof input === 'string' || input instanceof URL) return environment.readImage(input, signal)
  if (input instanceof Uint8Array) return { bytes: input, file: 'image' }
  if (!(input instanceof Blob)) {
    const expected = 'a path, URL, Uint8Array, Blob or {data, width, height}'
    throw new SailError('E_IMAGE_INPUT', { file: 'image', expected, found: input === null ? 'null' : typeof input })
  }
  const file = input instanceof File ? input.name : 'image'
  if (input.size > MAX_IMAGE_BYTES) throw tooLarge(file, String(input.size))
  return { bytes: new Uint8Array(await input.arrayBuffer()), file }
}

function isRaw(input: ImageInput): input is RawImage {
  return typeof input === 'object' && input !== null && 'width' in input && 'height' in input && 'data' in input
}
