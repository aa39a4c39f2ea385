// An image on its own, without a model: decode, target size, resize, patches.
import type { ImageInput, Preprocessed } from '../api.ts'
import { preprocess } from '../image/preprocess.ts'
import { MAX_PATCHES } from '../image/target-size.ts'
import type { Environment } from './environment.ts'
import { readImage } from './image-input.ts'

export interface PreprocessOptions {
  /** Patch side p in pixels. */
  readonly patchSize: number
  /** Most patches the image may take, default 4096. */
  readonly maxPatches?: number
  readonly signal?: AbortSignal
}

/** @throws SailError E_IMAGE_*; signal.reason */
export async function preprocessIn(
  environment: Environment,
  image: ImageInput,
  { patchSize, maxPatches = MAX_PATCHES, signal }: PreprocessOptions,
): Promise<Preprocessed> {
  const rgb = await readImage(image, { environment, signal })
  return { ...preprocess(rgb, patchSize, maxPatches), exifOrientation: rgb.exifOrientation }
}
