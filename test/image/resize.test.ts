import fc from 'fast-check'
import { expect, test } from 'vitest'
import { resizeBilinear } from '../../src/image/resize.ts'
import { rgbImage } from '../../src/image/rgb-image.ts'

/** (2, 5, 3): 0, 7, 14, .. */
const picture = rgbImage({ data: Uint8Array.from({ length: 30 }, (_, i) => i * 7), width: 5, height: 2 })

// Pillow 13.0.0: Image.fromarray(..).resize((width, height), Image.BILINEAR)
test.each([
  [3, 2, [9, 16, 23, 42, 49, 56, 75, 82, 89, 114, 121, 128, 147, 154, 161, 180, 187, 194]],
  [1, 1, [95, 102, 109]],
  [2, 3, [21, 28, 35, 63, 70, 77, 74, 81, 88, 116, 123, 130, 126, 133, 140, 168, 175, 182]],
])('5 x 2 to %i x %i equals Pillow', (width, height, wanted) => {
  expect([...resizeBilinear(picture, width, height).data]).toEqual(wanted)
})

// The order of the passes shows: 9 to 6 shrinks by more than twice 3 to 2, 9 to 7 does not; 2 to 3 grows.
test.each([
  [
    3,
    9,
    2,
    6,
    [
      73, 110, 111, 153, 92, 93, 125, 144, 150, 107, 126, 132, 160, 109, 115, 142, 91, 97, 120, 139, 145, 102, 139, 127,
      155, 104, 110, 137, 174, 92, 106, 143, 145, 88, 125, 126,
    ],
  ],
  [
    3,
    9,
    2,
    7,
    [
      64, 101, 113, 160, 83, 94, 119, 156, 141, 100, 137, 122, 164, 101, 138, 145, 83, 120, 129, 142, 113, 110, 123, 95,
      137, 117, 154, 118, 155, 135, 148, 114, 99, 130, 167, 81, 105, 142, 154, 87, 124, 135,
    ],
  ],
  [
    2,
    5,
    3,
    4,
    [
      56, 30, 67, 80, 86, 123, 104, 141, 178, 210, 101, 33, 140, 104, 89, 70, 107, 144, 176, 213, 145, 106, 143, 128,
      36, 73, 110, 142, 179, 216, 167, 109, 146, 191, 39, 76,
    ],
  ],
  [
    2,
    5,
    3,
    6,
    [
      0, 37, 74, 56, 93, 130, 111, 148, 185, 167, 15, 52, 128, 71, 108, 89, 126, 163, 205, 137, 28, 135, 120, 84, 65,
      102, 139, 181, 218, 109, 111, 148, 112, 41, 78, 115, 157, 194, 231, 118, 124, 161, 80, 54, 91, 135, 172, 209, 191,
      102, 139, 246, 32, 69,
    ],
  ],
])('%i x %i to %i x %i takes the passes in Pillow’s order', (w, h, width, height, wanted) => {
  const data = Uint8Array.from({ length: w * h * 3 }, (_, i) => (i * 37) % 251)
  expect([...resizeBilinear(rgbImage({ data, width: w, height: h }), width, height).data]).toEqual(wanted)
})

test('a side that keeps its size is not touched', () => {
  expect(resizeBilinear(picture, 5, 2).data).toBe(picture.data)
  const taller = resizeBilinear(picture, 5, 3).data
  expect([...taller.subarray(0, 15)]).toEqual([...picture.data.subarray(0, 15)])
})

/** The same sum in plain loops, one axis. */
function twin(line: number[], out: number): number[] {
  const scale = line.length / out
  const support = Math.max(1, scale)
  return Array.from({ length: out }, (_, x) => {
    const centre = (x + 0.5) * scale
    const weights = line.map((_, i) => {
      const inside = i >= Math.trunc(Math.max(0, centre - support + 0.5)) && i < Math.trunc(centre + support + 0.5)
      return inside ? Math.max(0, 1 - Math.abs((i - centre + 0.5) * (1 / support))) : 0
    })
    const sum = weights.reduce((a, b) => a + b, 0)
    const acc = line.reduce((a, p, i) => a + p * Math.trunc(0.5 + (weights[i] / sum) * 2 ** 22), 2 ** 21)
    return Math.min(255, Math.floor(acc / 2 ** 22))
  })
}

test('columns and rows follow the plain loops at any size', () => {
  const side = fc.integer({ min: 1, max: 40 })
  fc.assert(
    fc.property(
      side,
      side,
      fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 40, maxLength: 40 }),
      (n, to, v) => {
        const line = v.slice(0, n)
        const data = Uint8Array.from(line.flatMap((p) => [p, 255 - p, p ^ 85]))
        const wanted = [(p: number) => p, (p: number) => 255 - p, (p: number) => p ^ 85].map((f) =>
          twin(line.map(f), to),
        )
        const pixels = Array.from({ length: to }, (_, x) => wanted.map((channel) => channel[x])).flat()
        expect([...resizeBilinear(rgbImage({ data, width: n, height: 1 }), to, 1).data]).toEqual(pixels)
        expect([...resizeBilinear(rgbImage({ data, width: 1, height: n }), 1, to).data]).toEqual(pixels)
      },
    ),
    { seed: 7, numRuns: 200 },
  )
})

test('sizes that are none are refused', () => {
  for (const [w, h] of [
    [0, 2],
    [2, -1],
    [1.5, 2],
  ])
    expect(() => resizeBilinear(picture, w, h)).toThrow(expect.objectContaining({ code: 'E_IMAGE_SIZE' }))
})
