// Our reader and Python's `safetensors` on the same files, valid and broken. golden/corpus_safetensors.py made them and
// wrote down what Python says; golden/check.py makes them again. What Python refuses we refuse; what it accepts we accept with
// the same names, dtypes, shapes and bytes, but for the faults below, which Python lets pass.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { bytesSource } from '../../src/weights/byte-source.ts'
import { readHeader } from '../../src/weights/safetensors/header.ts'
import { readRows } from '../../src/weights/safetensors/read.ts'
import { writeAmounts } from '../support/amounts.ts'
import { root } from '../support/golden.ts'
import { codeOf } from './files.ts'

vi.setConfig({ testTimeout: 60_000 })

/** What is refused although Python 0.4.5 accepts it, and why. */
const beyond: Readonly<Record<string, string>> = {
  E_SAFETENSORS_DUPLICATE: 'of two equal names Python takes the last, other readers the first: one file, two contents',
  E_SAFETENSORS_ENTRY: 'Python also reads an entry as a list of its three fields, which the format does not have',
  E_SAFETENSORS_METADATA: 'Python reads a __metadata__ of null as none',
  E_SAFETENSORS_NAME: 'empty names, control characters, __proto__, over 1,024 bytes',
  E_SAFETENSORS_PADDING: 'white space other than spaces behind the header',
  E_SAFETENSORS_RANK: 'more than 8 axes',
  E_SAFETENSORS_SHAPE: 'a size beyond 2^53 - 1 beside a size of 0',
  E_SAFETENSORS_DEPTH: 'more than 4 levels, in a field that nobody reads',
  E_SAFETENSORS_START: 'white space in front of the header, which the format forbids',
  E_SAFETENSORS_OVERFLOW: 'a product beyond 2^53 - 1 before a size of 0',
}
/** Accepted although Python 0.4.5 refuses it: dtypes that later versions of the format have. */
const later = ['F4', 'F6_E2M3', 'F6_E3M2', 'F8_E8M0', 'C64']

type Verdict = readonly (readonly [name: string, dtype: string, shape: readonly number[], sha: string])[]
interface Entry {
  readonly file: Uint8Array
  readonly python: Verdict | null
}

const corpus = readCorpus(gunzipSync(readFileSync(`${root}test/fixtures/safetensors/corpus.gz`)))

function readCorpus(bytes: Uint8Array): Entry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const entries: Entry[] = []
  let at = 4
  for (let n = view.getUint32(0, true); n > 0; n--) {
    const [length, verdict] = [view.getUint32(at, true), view.getUint32(at + 4, true)]
    const end = at + 8 + length
    const python = JSON.parse(new TextDecoder().decode(bytes.subarray(end, end + verdict))) as Verdict | null
    entries.push({ file: bytes.slice(at + 8, end), python })
    at = end + verdict
  }
  expect(at).toBe(bytes.length)
  return entries
}

async function verdictOf(file: Uint8Array): Promise<Verdict> {
  const source = bytesSource('x.safetensors', file)
  const header = await readHeader(source)
  return Promise.all(
    [...header.tensors].map(async ([name, { dtype, shape }]) => {
      const sha = createHash('sha256')
        .update(await readRows(source, header, name))
        .digest('hex')
      return [name, dtype, shape, sha.slice(0, 16)] as const
    }),
  )
}

const sorted = (verdict: Verdict): string[] => verdict.map((tensor) => JSON.stringify(tensor)).sort()

describe(`${corpus.length} files that Python's safetensors was asked about`, () => {
  const counts = { same: 0, refused: 0, later: 0 }
  const codes: Record<string, number> = {}

  test('what Python refuses is refused, but for dtypes of later versions', async () => {
    for (const [i, { file, python }] of corpus.entries()) {
      if (python !== null) continue
      const code = await codeOf(async () => {
        const found = await verdictOf(file)
        expect(
          found.some(([, dtype]) => later.includes(dtype)),
          `file ${i}, which Python refuses`,
        ).toBe(true)
      })
      if (code === 'accepted') counts.later++
      else counts.refused++
    }
    expect(counts.refused).toBeGreaterThan(1500)
  })

  test('what Python accepts gives the same tensors, or is refused for a reason of the list', async () => {
    for (const [i, { file, python }] of corpus.entries()) {
      if (python === null) continue
      let found: Verdict = []
      const code = await codeOf(async () => {
        found = await verdictOf(file)
      })
      if (code === 'accepted') {
        expect(sorted(found), `file ${i}`).toEqual(sorted(python))
        counts.same++
      } else {
        expect(beyond, `file ${i}: ${code}, which Python accepts`).toHaveProperty(code)
        codes[code] = (codes[code] ?? 0) + 1
      }
    }
    expect(counts.same).toBeGreaterThan(700)
    expect(Object.keys(codes).sort(), 'each reason has a file').toEqual(Object.keys(beyond).sort())
  })

  afterAll(() => {
    writeAmounts(
      'safetensors against Python',
      ['files', 'what both say'],
      [
        [counts.same, 'the same tensors from both'],
        [counts.refused, 'refused by both'],
        ...Object.entries(codes).map(([code, n]) => [n, `refused here alone, ${code}: ${beyond[code]}`] as const),
        [counts.later, 'refused by Python 0.4.5 alone: a dtype of a later version'],
      ],
    )
  })
})
