// Seeded damage: whatever happens to the bytes, only a SailError may come out, or a picture of the declared size.
import { expect, test } from 'vitest'
import { SailError } from '../../src/errors.ts'
import { decodeImage } from '../../src/image/decode.ts'
import { fixture } from './files.ts'

const MUTATIONS = 2000
const FILES = {
  PNG: [
    'png-c2-d8-23x17.png',
    'png-c3-d4-23x17-adam7.png',
    'png-c6-d16-23x17.png',
    'png-gamma-text.png',
    'png-cut-idat.png',
  ],
  JPEG: [
    'jpg-420-35x27-q50.jpg',
    'jpg-444-35x27-q50-progressive.jpg',
    'jpg-restart-35x27-q50.jpg',
    'jpg-ycck2-35x27-q50.jpg',
    'jpg-scans-split-35x27.jpg',
    'jpg-scans-deep-35x27.jpg',
  ],
}

/** mulberry32 */
function random(seed: number): (below: number) => number {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((((t ^ (t >>> 14)) >>> 0) * below) / 2 ** 32) | 0
  }
}

function mutate(file: Uint8Array, below: (n: number) => number): Uint8Array {
  let out = file.slice()
  for (let n = 1 + below(3); n > 0; n--) {
    const at = below(out.length)
    const kind = below(6)
    if (kind < 2) out[at] ^= 1 << below(8)
    else if (kind === 2) out[at] = below(256)
    else if (kind === 3) out = out.slice(0, 1 + at)
    else if (kind === 4) out = Buffer.concat([out.subarray(0, at), out.subarray(at + 1 + below(8))])
    else out = Buffer.concat([out.subarray(0, at), out.subarray(below(out.length))])
    if (out.length === 0) break
  }
  return out
}

test.each(Object.entries(FILES))(
  `${MUTATIONS} mutated %s files give a picture or a SailError`,
  async (_, names) => {
    const below = random(20250410)
    const files = names.map(fixture)
    let accepted = 0
    for (let i = 0; i < MUTATIONS; i++) {
      const bytes = mutate(files[i % files.length], below)
      const image = await decodeImage(bytes, { maxPixels: 1 << 20 }).catch((error) => error)
      if (image instanceof SailError) expect(image.code).toMatch(/^E_(IMAGE|PNG|JPEG)_/)
      else {
        expect(image, `mutation ${i}`).toMatchObject({ data: expect.any(Uint8Array) })
        expect(image.data.length).toBe(image.width * image.height * 3)
        accepted++
      }
    }
    expect(accepted).toBeGreaterThan(0)
    expect(accepted).toBeLessThan(MUTATIONS)
  },
  60_000,
)
