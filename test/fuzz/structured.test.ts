// Generated files that are right by construction must be read back as they were meant: fast-check makes the meaning, a writer
// of the test or of the project makes the file, and the reader must give the meaning again.
import { deflateSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseConfig } from '../../src/config/parse.ts'
import { decodeImage } from '../../src/image/decode.ts'
import { memorySink } from '../../src/weights/byte-sink.ts'
import { bytesSource } from '../../src/weights/byte-source.ts'
import { byteSize } from '../../src/weights/safetensors/dtypes.ts'
import { readHeader } from '../../src/weights/safetensors/header.ts'
import { readRows } from '../../src/weights/safetensors/read.ts'
import { writeSafetensors } from '../../src/weights/safetensors/write.ts'
import { openTorch } from '../../src/weights/torch/open.ts'
import { configText } from '../config/configs.ts'
import { chunk, header, png } from '../image/files.ts'
import { bytesOf, dict, global, pickle, tensor } from '../weights/torch/pickle-bytes.ts'
import { zipOf } from '../weights/torch/zip-bytes.ts'

const seed = 20260
const dtypes = ['F64', 'F32', 'F16', 'BF16', 'I64', 'I32', 'I16', 'I8', 'U8', 'BOOL'] as const
const shape = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 })
/** Names that a file may have: any characters but control ones, and no lone surrogate. */
const name = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 30 })
  .filter((text) => !/\p{Cc}/u.test(text) && !text.startsWith('__'))
const named = <T>(value: fc.Arbitrary<T>) =>
  fc.uniqueArray(fc.tuple(name, value), { maxLength: 8, selector: ([key]) => key })

test('safetensors files of any names, dtypes, shapes and data come back as they were written', async () => {
  const entries = named(fc.record({ dtype: fc.constantFrom(...dtypes), shape, fill: fc.nat(255) }))
  const metadata = named(fc.string({ unit: 'binary' }))
  await fc.assert(
    fc.asyncProperty(entries, metadata, async (tensors, about) => {
      const content = { tensors: new Map(tensors), metadata: new Map(about) }
      const sink = memorySink()
      const dataOf = (entry: (typeof tensors)[number][1]): Uint8Array =>
        Uint8Array.from({ length: byteSize(entry.dtype, entry.shape)! }, (_, i) => i * 7 + entry.fill)
      await writeSafetensors(sink, content, async (write) => {
        for (const [key, entry] of tensors) await write(key, dataOf(entry))
      })
      const source = bytesSource('x', sink.bytes()!)
      const found = await readHeader(source)
      expect(new Map(found.metadata)).toEqual(content.metadata)
      expect([...found.tensors.keys()].sort()).toEqual([...content.tensors.keys()].sort())
      for (const [key, entry] of tensors) {
        expect(found.tensors.get(key)).toMatchObject({ dtype: entry.dtype, shape: entry.shape })
        expect(await readRows(source, found, key)).toEqual(dataOf(entry))
      }
    }),
    { seed, numRuns: 300 },
  )
}, 60_000)

test('state dicts of any names and shapes come back from torch files, zip64 or not', async () => {
  const storages = {
    F64: 'Double',
    F32: 'Float',
    F16: 'Half',
    BF16: 'BFloat16',
    I64: 'Long',
    I32: 'Int',
    U8: 'Byte',
  } as const
  const kinds = Object.keys(storages) as (keyof typeof storages)[]
  const entries = named(fc.record({ dtype: fc.constantFrom(...kinds), shape }))
  const ascii = (text: string): boolean => /^[ -~]+$/.test(text)
  await fc.assert(
    fc.asyncProperty(entries, fc.boolean(), async (all, wide) => {
      const tensors = all.map(([key, value], i) => [ascii(key) ? key : `t${i}`, value] as const)
      fc.pre(new Set(tensors.map(([key]) => key)).size === tensors.length)
      const data = tensors.map(([, entry]) => new Uint8Array(byteSize(entry.dtype, entry.shape)!).fill(3))
      const items = tensors.map(([key, entry], i) => {
        const count = entry.shape.reduce((n, d) => n * d, 1)
        const type = global('torch', `${storages[entry.dtype]}Storage`)
        return [key, tensor({ type, key: String(i), count, shape: entry.shape })] as const
      })
      const entries = [
        { name: 'm/data.pkl', data: pickle(dict(Object.fromEntries(items))) },
        ...data.map((bytes, i) => ({ name: `m/data/${i}`, data: bytes })),
        { name: 'm/version', data: bytesOf('3\n') },
      ]
      const file = zipOf(entries, wide ? { wide: {} } : {})
      const shard = await openTorch(bytesSource('x.bin', file))
      expect([...shard.tensors.keys()].sort()).toEqual(tensors.map(([key]) => key).sort())
      for (const [i, [key, entry]] of tensors.entries()) {
        expect(shard.tensors.get(key)).toMatchObject({ dtype: entry.dtype, shape: entry.shape })
        expect(await shard.read(key)).toEqual(data[i])
      }
    }),
    { seed, numRuns: 300 },
  )
}, 60_000)

test('PNG files of any size, filter and interlacing give the pixels that were packed', async () => {
  const picture = fc.record({
    ...{ width: fc.integer({ min: 1, max: 20 }), height: fc.integer({ min: 1, max: 20 }) },
    ...{ interlaced: fc.boolean(), alpha: fc.boolean(), level: fc.integer({ min: 0, max: 9 }) },
    ...{ filters: fc.array(fc.nat(4), { minLength: 1, maxLength: 7 }), noise: fc.nat(2 ** 31 - 1) },
  })
  await fc.assert(
    fc.asyncProperty(picture, async ({ width, height, interlaced, alpha, level, filters, noise }) => {
      const n = alpha ? 4 : 3
      const value = (x: number, y: number, c: number): number =>
        (Math.imul(noise + x * 31 + y * 17 + c, 2654435761) >>> 24) & 255
      const passes = interlaced ? adam7 : [[0, 0, 1, 1]]
      const bytes: number[] = []
      let row = 0
      for (const [x0, y0, dx, dy] of passes) {
        const columns = Array.from({ length: Math.max(0, Math.ceil((width - x0) / dx)) }, (_, i) => x0 + i * dx)
        let above: number[] = new Array<number>(columns.length * n).fill(0)
        for (let y = y0; y < height && columns.length > 0; y += dy) {
          const now = columns.flatMap((x) => Array.from({ length: n }, (_, c) => value(x, y, c)))
          const kind = filters[row++ % filters.length]
          bytes.push(
            kind,
            ...now.map((v, i) => (v - predict(kind, now[i - n] ?? 0, above[i], i < n ? 0 : above[i - n])) & 255),
          )
          above = now
        }
      }
      const idat = chunk('IDAT', deflateSync(Uint8Array.from(bytes), { level }))
      const file = png(header(width, height, 8, alpha ? 6 : 2, interlaced ? 1 : 0), idat, chunk('IEND', []))
      const image = await decodeImage(file)
      const wanted = Uint8Array.from({ length: width * height * 3 }, (_, i) =>
        value(Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3),
      )
      expect(image).toMatchObject({ width, height })
      expect(Buffer.compare(image.data, wanted)).toBe(0)
    }),
    { seed, numRuns: 300 },
  )
}, 60_000)

const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
]

/** What a filter takes off a byte, from its neighbours left, above and above left. Source: PNG specification, 9.2. */
function predict(kind: number, left: number, up: number, corner: number): number {
  const paeth = left + up - corner
  const [a, b, c] = [Math.abs(paeth - left), Math.abs(paeth - up), Math.abs(paeth - corner)]
  return [0, left, up, (left + up) >> 1, a <= b && a <= c ? left : b <= c ? up : corner][kind]
}

test('configs whose sizes fit each other are read as they are', () => {
  const sizes = fc.record({
    ...{
      G: fc.integer({ min: 1, max: 8 }),
      share: fc.integer({ min: 1, max: 8 }),
      half: fc.integer({ min: 3, max: 64 }),
    },
    ...{
      L: fc.integer({ min: 1, max: 100 }),
      F: fc.integer({ min: 1, max: 20_000 }),
      V: fc.integer({ min: 3, max: 200_000 }),
    },
    ...{
      window: fc.option(fc.integer({ min: 1, max: 8192 })),
      theta: fc.integer({ min: 1, max: 1e7 }),
      tied: fc.boolean(),
    },
  })
  fc.assert(
    fc.property(sizes, ({ G, share, half, L, F, V, window, theta, tied }) => {
      const [H, E] = [G * share, half * 2]
      const config = configText({
        ...{ hidden_size: 16, head_dim: E, num_attention_heads: H, num_key_value_heads: G, num_hidden_layers: L },
        ...{
          intermediate_size: F,
          vocab_size: V,
          sliding_window: window,
          rope_theta: theta,
          tie_word_embeddings: tied,
        },
        mrope_section: [half - 2, 1, 1],
      })
      const found = parseConfig({ config, generation: null, hasVisEmbed: true, file: 'c' })
      expect(found).toMatchObject({
        ...{ dims: { D: 16, H, G, E, L, F, V }, slidingWindow: window, ropeTheta: theta, tied },
        ropeSections: [half - 2, 1, 1],
      })
    }),
    { seed, numRuns: 300 },
  )
})
