import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { SailError } from '../../src/errors.ts'
import { targetSize } from '../../src/image/target-size.ts'
import { shared } from '../support/golden.ts'

// width, height, p, then new width, new height, as upstream's get_resize_output_image_size computes them.
const ROWS = [
  [1, 1, 14, 14, 14],
  [15, 15, 14, 28, 28],
  [640, 480, 14, 644, 490],
  [480, 640, 14, 490, 644],
  [4000, 3000, 14, 1022, 770],
  [3000, 4000, 14, 770, 1022],
  [4000, 3000, 32, 2336, 1760],
  [896, 896, 14, 896, 896],
  [897, 897, 14, 896, 896],
] as const

test.each(ROWS)('%i x %i with patches of %i becomes %i x %i', (width, height, p, newWidth, newHeight) => {
  const size = targetSize(width, height, p)
  expect([size.width, size.height]).toEqual([newWidth, newHeight])
  expect(size.grid).toEqual([newHeight / p, newWidth / p])
  expect(size.tokens).toBe((newHeight / p) * (newWidth / p))
})

test('a lower cap gives at most that many patches', () => {
  for (const cap of [4, 100, 4096]) expect(targetSize(640, 480, 14, cap).tokens).toBeLessThanOrEqual(cap)
})

test('a picture too thin for one patch is refused with its own code', () => {
  const thin = expect.objectContaining({ code: 'E_IMAGE_TOO_THIN' })
  expect(() => targetSize(100_000, 3, 14)).toThrow(thin)
  expect(() => targetSize(640, 480, 14, 1)).toThrow(thin)
})

test.each([
  [0, 1, 14],
  [1, -1, 14],
  [1, 1, 0],
  [1.5, 1, 14],
  [Number.NaN, 1, 14],
])('%d x %d, p %d is no size', (w, h, p) => {
  expect(() => targetSize(w, h, p)).toThrow(expect.objectContaining({ code: 'E_IMAGE_SIZE' }))
})

interface SizeRow {
  width: number
  height: number
  p: number
  new_width: number
  new_height: number
  grid: [number, number]
  tokens: number
  fails?: string
}

const name = 'every size of the shared goldens is upstream’s'
if (shared === null) test.skip(`${name} (../shared/golden is not here)`)
else
  test(name, () => {
    const { sizes } = JSON.parse(readFileSync(`${shared}sizes.json`, 'utf8')) as { sizes: SizeRow[] }
    expect(sizes.length).toBeGreaterThan(100)
    for (const row of sizes) {
      const place = `${row.width} x ${row.height}, p ${row.p}`
      if (row.fails !== undefined) {
        expect(() => targetSize(row.width, row.height, row.p), place).toThrow(SailError)
        continue
      }
      const { width, height, grid, tokens } = targetSize(row.width, row.height, row.p)
      expect([width, height, ...grid, tokens], place).toEqual([row.new_width, row.new_height, ...row.grid, row.tokens])
    }
  })
