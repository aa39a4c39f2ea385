// The pictures that libpng, libjpeg-turbo, Go, libspng and Pillow test their decoders with, and the broad set of
// golden/pixels.py: what is accepted has Pillow's pixels to the last bit, all else is refused by a SailError, and what Pillow
// refuses is never accepted. golden/image_suites.py fetches the files and asks Pillow.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { SailError } from '../../src/errors.ts'
import { decodeImage } from '../../src/image/decode.ts'
import { writeAmounts } from '../support/amounts.ts'

const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'sail-ts', 'images')
const manifest = join(folder, 'manifest.json')
const reason = 'golden/image_suites.py, which `npm run golden` runs, has not fetched them here'

interface Manifest {
  /** Per file: SHA-256 of the file, and `WxH <SHA-256 of the RGB bytes>` or `refused: <error>`, both cut to 32 digits. */
  readonly files: Readonly<Record<string, readonly [file: string, pillow: string]>>
}

const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 32)

if (!existsSync(manifest)) test.skip(`picture suites: ${reason}`)
else {
  const { files } = JSON.parse(readFileSync(manifest, 'utf8')) as Manifest
  const suites = new Map<string, [string, readonly [string, string]][]>()
  for (const entry of Object.entries(files)) {
    const suite = suiteOf(entry[0])
    if (!suites.has(suite)) suites.set(suite, [])
    suites.get(suite)!.push(entry)
  }
  const rows: (readonly (string | number)[])[] = []

  describe.each([...suites])('%s', (suite, entries) => {
    test(`gives Pillow's pixels or an error, in ${entries.length} files`, { timeout: 300_000 }, async () => {
      const counts = { same: 0, both: 0, here: 0 }
      const codes = new Map<string, number>()
      for (const [name, [file, pillow]] of entries) {
        const bytes = readFileSync(join(folder, name))
        expect(sha(bytes), name).toBe(file)
        const image = await decodeImage(bytes).catch((error: unknown) => error)
        if (image instanceof SailError) {
          if (pillow.startsWith('refused')) counts.both++
          else {
            counts.here++
            codes.set(image.code, (codes.get(image.code) ?? 0) + 1)
          }
          continue
        }
        const { width, height, data } = image as { width: number; height: number; data: Uint8Array }
        expect(`${width}x${height} ${sha(data)}`, name).toBe(pillow)
        counts.same++
      }
      const why = [...codes].map(([code, n]) => `${n} ${code}`).join(', ')
      rows.push([suite, entries.length, counts.same, 0, counts.both, counts.here, why])
    })
  })

  afterAll(() => {
    const head = [
      'suite',
      'files',
      "Pillow's pixels",
      'other pixels',
      'refused by both',
      'refused here alone',
      'by code',
    ]
    writeAmounts('pictures against Pillow', head, rows)
  })
}

/** `suites/<suite>/..` or `generated/..`. */
function suiteOf(name: string): string {
  const [top, suite] = name.split('/')
  return top === 'suites' ? suite : top
}
