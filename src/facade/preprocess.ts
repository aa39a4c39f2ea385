// An image on its own, without a model: decode, target size, resize, patches.
import type { ImageInput, Preprocessed } from '../api.ts'
import { integer } from '../config/option-rules.ts'
import { SailError } from '../errors.ts'
import { preprocess } from '../image/preprocess.ts'
import { MAX_PIXELS, MOST_PIXELS } from '../image/rgb-image.ts'
import { MAX_PATCHES } from '../image/target-size.ts'
import type { Environment } from './environment.ts'
import { readImage } from './image-input.ts'

export interface PreprocessOptions {
  /** Patch side p in pixels. */
  readonly patchSize: number
  /** Most patches the image may take, default 4096. */
  readonly maxPatches?: number
  /** Most pixels the image may have, 1..2^31 - 1, default 178956970 as Pillow. */
  readonly maxPixels?: number
  readonly signal?: AbortSignal
}

/** @throws SailError E_IMAGE_*, E_OPTION_MAX_PIXELS; signal.reason */
export async function preprocessIn(
  environment: Environment,
  image: ImageInput,
  { patchSize, maxPatches = MAX_PATCHES, maxPixels = MAX_PIXELS, signal }: PreprocessOptions,
): Promise<Preprocessed> {
  if (!integer(1, MOST_PIXELS)(maxPixels))
    throw new SailError('E_OPTION_MAX_PIXELS', {
      file: 'preprocess',
      place: 'maxPixels',
      expected: `an integer from 1 to ${MOST_PIXELS}`,
      found: String(maxPixels),
    })
  const rgb = await readImage(image, { environment, maxPixels, signal })
  return { ...preprocess(rgb, patchSize, maxPatches), exifOrientation: rgb.exifOrientation }
}
