// The size a picture is resized to: each side a multiple of the patch side p, the aspect nearly kept, at most maxPatches
// patches. With long and short the two sides:
//   long'  = ceil(long / p) * p
//   short' = ceil(trunc(long' * short / long) / p) * p
//   more than maxPatches: s = sqrt(patches / maxPatches), side'' = trunc(side' / s / p) * p
// All in doubles and in this order, as upstream's Python does, so that no size near a boundary falls to the other side.
// Source: upstream `get_resize_output_image_size` in example.py.
import { SailError } from '../errors.ts'

export interface TargetSize {
  readonly width: number
  readonly height: number
  /** [GH, GW]: rows and columns of patches. */
  readonly grid: readonly [number, number]
  /** GH * GW. */
  readonly tokens: number
}

/** Upstream's `max_token_num`. */
export const MAX_PATCHES = 4096

/**
 * The resized width and height of a picture.
 * @param p patch side in pixels   @param maxPatches cap on GH * GW, 1 or more, default 4096
 * @param file what errors call the picture
 * @throws SailError E_IMAGE_TOO_THIN when a side would have no patch, E_IMAGE_SIZE for sides that are no sizes
 */
export function targetSize(
  width: number,
  height: number,
  p: number,
  maxPatches: number = MAX_PATCHES,
  file = 'targetSize',
): TargetSize {
  for (const [name, n] of Object.entries({ width, height, p, maxPatches }))
    if (!Number.isSafeInteger(n) || n < 1)
      throw new SailError('E_IMAGE_SIZE', {
        file: 'targetSize',
        place: name,
        expected: 'a whole number of 1 or more',
        found: `${n}`,
      })
  const wide = height <= width
  const [long, short] = wide ? [width, height] : [height, width]
  let newLong = Math.ceil(long / p) * p
  let newShort = Math.ceil(Math.trunc((newLong * short) / long) / p) * p
  const patches = (newLong * newShort) / (p * p)
  if (patches > maxPatches) {
    const scale = Math.sqrt(patches / maxPatches)
    newLong = Math.trunc(newLong / scale / p) * p
    newShort = Math.trunc(newShort / scale / p) * p
  }
  if (newShort === 0 || newLong === 0)
    throw new SailError('E_IMAGE_TOO_THIN', {
      file,
      expected: `at least one patch of ${p} x ${p} on each side`,
      found: `${width} x ${height}, which scales to ${wide ? `${newLong} x ${newShort}` : `${newShort} x ${newLong}`}`,
      hint: 'crop or pad the picture so that its sides differ less, or allow more patches',
    })
  const [w, h] = wide ? [newLong, newShort] : [newShort, newLong]
  const grid = [h / p, w / p] as const
  return { width: w, height: h, grid, tokens: grid[0] * grid[1] }
}
