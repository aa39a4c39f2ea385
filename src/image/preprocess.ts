// One decoded picture on its way to the model: target size, resize, patches. The intermediate pictures are kept because
// golden files and `sail preprocess` show them.
import { type F32Tensor, f32, type U8Tensor, u8 } from '../tensor.ts'
import { toPatches } from './patches.ts'
import { resizeBilinear } from './resize.ts'
import type { RgbImage } from './rgb-image.ts'
import { MAX_PATCHES, targetSize } from './target-size.ts'

export interface Preprocessed {
  /** (height, width, 3), the picture as decoded; the memory is the caller's. */
  readonly rgb: U8Tensor
  /** (GH * p, GW * p, 3) */
  readonly resized: U8Tensor
  /** (P, 3 * p * p) */
  readonly patches: F32Tensor
  /** [GH, GW] */
  readonly grid: readonly [number, number]
}

/**
 * Everything between the decoded picture and the first layer.
 * @param p patch side in pixels   @param maxPatches cap on GH * GW, default 4096
 * @throws SailError E_IMAGE_TOO_THIN, E_IMAGE_SIZE
 */
export function preprocess(image: RgbImage, p: number, maxPatches: number = MAX_PATCHES): Preprocessed {
  const { width, height, grid, tokens } = targetSize(image.width, image.height, p, maxPatches, image.file)
  const resized = resizeBilinear(image, width, height)
  return {
    rgb: u8([image.height, image.width, 3], image.data),
    resized: u8([height, width, 3], resized.data),
    patches: f32([tokens, 3 * p * p], toPatches(resized, p)),
    grid,
  }
}
