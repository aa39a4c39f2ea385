import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesSource } from '../../../src/weights/byte-source.ts'
import { openTorch } from '../../../src/weights/torch/open.ts'
import { readZip } from '../../../src/weights/torch/zip/read-zip.ts'
import { codeOf } from '../files.ts'
import { fixtures } from './fixtures.ts'
import { type EntryFields, zipOf } from './zip-bytes.ts'

const all = (['valid', 'refused', 'hostile'] as const).flatMap((folder) => fixtures(folder, '.bin'))
const names = ['plain', 'dtypes', 'module', 'tied', 'views', 'system', 'eval', 'sparse', 'repacked-zip64']
const bases = names.map((name) => all.find((fixture) => fixture.name === name)!.bytes)
/** The same archives as lists of entries, the pickle first, so that it can be changed and packed with its right CRC. */
const archives = await Promise.all(
  bases.map(async (bytes) => {
    const entries = [...(await readZip(bytesSource('x.bin', bytes))).values()]
    const packed = entries.map(({ name, begin, end }): EntryFields => ({ name, data: bytes.slice(begin, end) }))
    return packed.sort((x, y) => Number(isPickle(y)) - Number(isPickle(x)))
  }),
)

function isPickle({ name }: EntryFields): boolean {
  return String(name).endsWith('/data.pkl')
}

interface Tally {
  accepted: number
  readonly codes: Map<string, number>
  worst: number
}

/** Opens and reads everything; anything but a SailError is thrown on. */
async function run(file: Uint8Array, tally: Tally): Promise<void> {
  const start = performance.now()
  const code = await codeOf(async () => {
    const shard = await openTorch(bytesSource('x.bin', file))
    for (const [name, { byteLength }] of shard.tensors) expect((await shard.read(name)).length).toBe(byteLength)
  })
  tally.worst = Math.max(tally.worst, performance.now() - start)
  if (code === 'accepted') tally.accepted++
  else expect(code).toMatch(/^E_(?:TORCH|ZIP)_[A-Z0-9_]+$/)
  tally.codes.set(code, (tally.codes.get(code) ?? 0) + 1)
}

const share = fc.noBias(fc.nat(999_999)).map((n) => n / 1e6)
const edits = fc.record({
  base: fc.noBias(fc.nat(bases.length - 1)),
  bytes: fc.array(fc.tuple(share, fc.noBias(fc.nat(255))), { minLength: 1, maxLength: 4 }),
  cut: fc.noBias(fc.nat(60)),
  copy: fc.tuple(share, share, fc.noBias(fc.nat(60))),
})

function mutated(
  base: Uint8Array,
  { bytes, cut, copy }: { bytes: [number, number][]; cut: number; copy: [number, number, number] },
): Uint8Array {
  const file = base.slice(0, cut < 50 ? base.length : base.length - (cut - 49))
  const place = (share: number): number => Math.floor(share * (file.length - 1))
  for (const [share, byte] of bytes) file[place(share)] = byte
  // A third of the files also have a stretch of themselves copied elsewhere.
  if (copy[2] < 20) file.copyWithin(place(copy[0]), place(copy[1]), place(copy[1]) + copy[2])
  return file
}

const countOf = Number(process.env.FUZZ_COUNT ?? 2000)

test(`throws nothing but SailError on ${countOf} mutated files`, async () => {
  const tally: Tally = { accepted: 0, codes: new Map(), worst: 0 }
  await fc.assert(
    fc.asyncProperty(edits, (edit) => run(mutated(bases[edit.base], edit), tally)),
    { seed: 5, numRuns: countOf },
  )
  expect(tally.codes.size).toBeGreaterThan(10)
  expect(tally.accepted).toBeGreaterThan(countOf / 100)
  expect(tally.worst).toBeLessThan(1000)
  if (process.env.FUZZ_COUNT !== undefined) console.log(tally)
}, 600_000)

test(`throws nothing but SailError on ${countOf} mutated pickles in sound archives`, async () => {
  const tally: Tally = { accepted: 0, codes: new Map(), worst: 0 }
  await fc.assert(
    fc.asyncProperty(edits, (edit) => {
      const [pickle, ...others] = archives[edit.base]
      return run(zipOf([{ ...pickle, data: mutated(pickle.data, edit) }, ...others]), tally)
    }),
    { seed: 6, numRuns: countOf },
  )
  expect(tally.codes.size).toBeGreaterThan(10)
  expect(tally.accepted).toBeGreaterThan(countOf / 100)
  expect(tally.worst).toBeLessThan(1000)
  if (process.env.FUZZ_COUNT !== undefined) console.log(tally)
}, 600_000)
