// From bytes to the numbers the model reads: v = (byte / 255 - mean) / std, each step rounded to f32 as torchvision's
// ToTensor and Normalize do, then cut into p x p patches. A byte has 256 values, so three tables hold every result.
// Source: upstream `get_transform` and `preprocess_image` in example.py.
import { SailError } from '../errors.ts'
import type { RgbImage } from './rgb-image.ts'

const MEAN = [0.485, 0.456, 0.406]
const STD = [0.229, 0.224, 0.225]
const f = Math.fround

const TABLES = MEAN.map((mean, c) =>
  Float32Array.from({ length: 256 }, (_, byte) => f(f(f(byte / 255) - f(mean)) / f(STD[c]))),
)

/**
 * Normalised patches of a picture whose sides are multiples of p.
 * @param p patch side in pixels   @returns (P, 3 * p * p): patches row by row, inside a patch channel, row, column
 * @throws SailError E_IMAGE_SIZE when a side is no multiple of p
 */
export function toPatches(resized: RgbImage, p: number): Float32Array {
  const { data, width, height } = resized
  if (!Number.isSafeInteger(p) || p < 1 || width % p !== 0 || height % p !== 0)
    throw new SailError('E_IMAGE_SIZE', {
      file: 'toPatches',
      expected: `sides that are multiples of ${p}`,
      found: `${width} x ${height}`,
    })
  const out = new Float32Array(data.length)
  let o = 0
  for (let top = 0; top < height; top += p)
    for (let left = 0; left < width; left += p)
      for (let c = 0; c < 3; c++) {
        const table = TABLES[c]
        for (let y = top; y < top + p; y++) {
          const row = (y * width + left) * 3 + c
          for (let x = 0; x < p; x++) out[o++] = table[data[row + x * 3]]
        }
      }
  return out
}
