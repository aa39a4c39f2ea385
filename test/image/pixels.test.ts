// Whole files against what Pillow made of them: decoded RGB, resized RGB and patches by SHA-256, damaged files accepted
// with Pillow's pixels or refused, and always refused where Pillow refuses. Made by golden/pixels.py.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { SailError } from '../../src/errors.ts'
import { decodeImage } from '../../src/image/decode.ts'
import { preprocess } from '../../src/image/preprocess.ts'
import { root, shared } from '../support/golden.ts'

interface Row {
  file: string
  width: number
  height: number
  rgb_sha256: string
  p?: number
  grid?: [number, number]
  resized_sha256: string
  patches_sha256: string
}

interface Manifest {
  p?: number
  images: Row[]
  damaged: { file: string; decodes: boolean; rgb_sha256?: string }[]
}

function sha256(array: Uint8Array | Float32Array): string {
  return createHash('sha256')
    .update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
    .digest('hex')
}

const sets: [name: string, folder: string | null][] = [
  ['committed files', `${root}test/fixtures/image/`],
  [shared === null ? 'shared files (skipped: ../shared/golden is not here)' : 'shared files', shared],
]

describe.each(sets)('%s', (_, folder) => {
  if (folder === null) return test.skip('need ../shared/golden')
  const manifest = JSON.parse(readFileSync(`${folder}pixels.json`, 'utf8')) as Manifest

  test.each(manifest.images)("$file has Pillow's pixels, resized pixels and patches", async (row) => {
    const image = await decodeImage(readFileSync(folder + row.file))
    expect([image.width, image.height]).toEqual([row.width, row.height])
    expect(sha256(image.data)).toBe(row.rgb_sha256)
    if (row.grid === undefined) return
    const { rgb, resized, patches, grid } = preprocess(image, row.p ?? manifest.p ?? 0)
    expect(grid).toEqual(row.grid)
    expect(rgb.shape).toEqual([row.height, row.width, 3])
    expect(sha256(resized.data)).toBe(row.resized_sha256)
    expect(sha256(patches.data)).toBe(row.patches_sha256)
  })

  test.each(manifest.damaged)("$file is refused, or has Pillow's pixels", async ({ file, rgb_sha256 }) => {
    const image = await decodeImage(readFileSync(folder + file), { file }).catch((error) => error)
    if (image instanceof SailError) expect(image.file).toBe(file)
    else expect(sha256(image.data)).toBe(rgb_sha256)
  })
})
