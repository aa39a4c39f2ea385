import { afterAll, describe, expect, test } from 'vitest'
import type { ByteSource } from '../../../src/weights/byte-source.ts'
import { bytesSource } from '../../../src/weights/byte-source.ts'
import { crc32 } from '../../../src/weights/torch/zip/crc32.ts'
import type { ZipEntry } from '../../../src/weights/torch/zip/entry.ts'
import { readZip } from '../../../src/weights/torch/zip/read-zip.ts'
import { RunningCrc } from '../../../src/weights/torch/zip/running-crc.ts'
import { countFaults } from '../../support/amounts.ts'
import { codeOf } from '../files.ts'
import { hostileZips } from './hostile-zips.ts'
import { type EntryFields, zip64Field, zipOf } from './zip-bytes.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const entriesOf = (file: Uint8Array): Promise<ReadonlyMap<string, ZipEntry>> => readZip(bytesSource('x.bin', file))
const a: EntryFields = { name: 'm/a', data: text('alpha') }
const b: EntryFields = { name: 'm/b', data: text('beta') }

/** The bytes of each entry, as text. */
async function contents(file: Uint8Array): Promise<Record<string, string>> {
  const entries = [...(await entriesOf(file)).values()]
  return Object.fromEntries(
    entries.map(({ name, begin, end }) => [name, new TextDecoder().decode(file.slice(begin, end))]),
  )
}

afterAll(() => countFaults('zips of torch', hostileZips))

describe('crc32', () => {
  test('is the CRC of the zip format, at every length around eight bytes', () => {
    expect(crc32(text('123456789'))).toBe(0xcbf43926)
    expect(crc32(new Uint8Array(0))).toBe(0)
    const plain = (bytes: Uint8Array): number => {
      let crc = -1
      for (const byte of bytes) {
        crc ^= byte
        for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
      }
      return ~crc >>> 0
    }
    for (let n = 0; n < 40; n++) {
      const bytes = Uint8Array.from({ length: n }, (_, i) => (i * 37 + n * 11) & 255)
      expect(crc32(bytes), `${n} bytes`).toBe(plain(bytes))
      for (let cut = 0; cut <= n; cut++)
        expect(crc32(bytes.subarray(cut), crc32(bytes.subarray(0, cut)))).toBe(plain(bytes))
    }
  })
})

describe('readZip', () => {
  for (const [what, code, files] of hostileZips) {
    test(`refuses ${what}, in ${files.length} files`, async () => {
      expect(files.length).toBeGreaterThanOrEqual(3)
      for (const [i, file] of files.entries()) expect(await codeOf(() => entriesOf(file)), `file ${i}`).toBe(code)
    })
  }

  test('finds entries in plain and in zip64 form, with sizes in front of the data or behind them', async () => {
    const expected = { 'm/a': 'alpha', 'm/b': 'beta' }
    const ones = 0xffffffff
    const behind = { flags: 0x808, local: { crc: 0, size: 0, stored: 0, extra: new Uint8Array(9).fill(90) } }
    expect(await contents(zipOf([a, b]))).toEqual(expected)
    expect(await contents(zipOf([a, b], { wide: {} }))).toEqual(expected)
    expect(await contents(zipOf([a, b], { count: 0xffff, size: ones, begin: ones, wide: {} }))).toEqual(expected)
    expect(await contents(zipOf([{ ...a, ...behind }, b]))).toEqual(expected)
    const wide = { size: ones, stored: ones, headerAt: ones, extra: zip64Field(5, 5, 0) }
    expect(await contents(zipOf([{ ...a, ...wide }, b]))).toEqual(expected)
    expect(await contents(zipOf([{ ...a, local: { size: ones, stored: ones, extra: zip64Field(5, 5) } }, b]))).toEqual(
      expected,
    )
    expect(await contents(zipOf([]))).toEqual({})
  })

  test('reads only headers, of a file of 12 GB', async () => {
    const [GB, ones] = [1e9, 0xffffffff]
    const sizes = [5 * GB, 7 * GB]
    const head = (i: number): EntryFields => ({
      name: `m/data/${i}`,
      data: new Uint8Array(0),
      flags: 8,
      crc: 7,
      size: ones,
      stored: ones,
      headerAt: i === 0 ? 0 : ones,
      extra: i === 0 ? zip64Field(sizes[0], sizes[0]) : zip64Field(sizes[1], sizes[1], 38 + sizes[0]),
      local: { crc: 0, size: 0, stored: 0 },
    })
    const directory = 2 * 38 + sizes[0] + sizes[1]
    const packed = zipOf([head(0), head(1)], {
      begin: ones,
      wide: { begin: BigInt(directory), at: BigInt(directory + 156) },
    })
    // The packed file has both headers and the end; the data between them are zeros that nobody may ask for.
    const places = [0, 38 + sizes[0], directory]
    let read = 0
    const source: ByteSource = {
      name: 'big.bin',
      byteLength: directory + packed.length - 76,
      async read(begin, end) {
        const part = places.findLastIndex((place) => place <= begin)
        const from = part * 38 + begin - places[part]
        read += end - begin
        expect(from + end - begin).toBeLessThanOrEqual(part < 2 ? (part + 1) * 38 : packed.length)
        return packed.slice(from, from + end - begin)
      },
      async close() {},
    }
    const entries = await readZip(source)
    expect([...entries.values()].map(({ begin, end }) => [begin, end])).toEqual([
      [38, 38 + sizes[0]],
      [76 + sizes[0], directory],
    ])
    expect(read).toBeLessThan(1000)
  })

  test('passes on an abort', async () => {
    const reason = new Error('enough')
    await expect(readZip(bytesSource('x', zipOf([a])), AbortSignal.abort(reason))).rejects.toBe(reason)
  })
})

describe('RunningCrc', () => {
  const entry: ZipEntry = { name: 'm/a', begin: 100, end: 109, crc: 0xcbf43926 }
  const nine = text('123456789')
  const takes = (...pieces: readonly (readonly [number, number])[]): Promise<string> => {
    const crc = new RunningCrc('x.bin')
    return codeOf(() => {
      for (const [from, to] of pieces) crc.take({ ...entry, crc: 1 }, entry.begin + from, nine.slice(from, to))
    })
  }

  test('finds a wrong CRC at the end of an entry that is read in order, in any pieces', async () => {
    expect(await takes([0, 9])).toBe('E_ZIP_CRC')
    expect(await takes([0, 4], [4, 9])).toBe('E_ZIP_CRC')
    expect(await takes([0, 4], [0, 2], [2, 9])).toBe('E_ZIP_CRC')
    expect(await takes([0, 4], [5, 6], [4, 5], [5, 9])).toBe('E_ZIP_CRC')
    expect(await takes([0, 4], [4, 8])).toBe('accepted')
    expect(await takes([1, 9], [4, 9])).toBe('accepted')
  })

  test('takes the right CRC', () => {
    const crc = new RunningCrc('x.bin')
    for (const [from, to] of [
      [0, 9],
      [0, 1],
      [1, 9],
    ]) {
      crc.take(entry, entry.begin + from, nine.slice(from, to))
    }
  })
})
