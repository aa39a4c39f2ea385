import { expect, test } from 'vitest'
import { toPatches } from '../../src/image/patches.ts'
import { preprocess } from '../../src/image/preprocess.ts'
import { rgbImage } from '../../src/image/rgb-image.ts'

const f = Math.fround

test('a patch holds channel, row, column, each value normalised with every step in f32', () => {
  const data = Uint8Array.from({ length: 4 * 2 * 3 }, (_, i) => i * 10)
  const patches = toPatches(rgbImage({ data, width: 4, height: 2 }), 2)
  const at = (y: number, x: number, c: number) => {
    const [mean, std] = [
      [0.485, 0.456, 0.406],
      [0.229, 0.224, 0.225],
    ].map((v) => f(v[c]))
    return f(f(f(data[(y * 4 + x) * 3 + c] / 255) - mean) / std)
  }
  const wanted = []
  for (const left of [0, 2])
    for (const c of [0, 1, 2]) for (const y of [0, 1]) for (const x of [0, 1]) wanted.push(at(y, left + x, c))
  expect([...patches]).toEqual(wanted)
})

test('sides that are no multiples of the patch are refused', () => {
  const image = rgbImage({ data: new Uint8Array(3 * 2 * 3), width: 3, height: 2 })
  expect(() => toPatches(image, 2)).toThrow(expect.objectContaining({ code: 'E_IMAGE_SIZE' }))
})

test('raw RGB goes through the whole way, and the cap lowers the grid', () => {
  const image = rgbImage({ data: new Uint8Array(100 * 50 * 3).fill(128), width: 100, height: 50 })
  const { patches, grid, resized } = preprocess(image, 14)
  expect(grid).toEqual([4, 8])
  expect(patches.shape).toEqual([32, 588])
  expect(resized.shape).toEqual([56, 112, 3])
  expect(preprocess(image, 14, 8).grid).toEqual([2, 4])
})

test.each([
  [2, 2, 11],
  [0, 2, 0],
  [1.5, 2, 9],
])('raw RGB of %d x %d with %i bytes is refused', (width, height, bytes) => {
  const raw = { data: new Uint8Array(bytes), width, height }
  expect(() => rgbImage(raw)).toThrow(expect.objectContaining({ code: 'E_IMAGE_RAW' }))
})
