import { afterAll, describe, expect, test } from 'vitest'
import { SailError } from '../../../src/errors.ts'
import { bytesSource } from '../../../src/weights/byte-source.ts'
import type { Shard } from '../../../src/weights/shard.ts'
import { openTorch } from '../../../src/weights/torch/open.ts'
import { countFaults } from '../../support/amounts.ts'
import { codeOf } from '../files.ts'
import { hostilePickles, namedGlobals } from './hostile-pickles.ts'
import {
  bytesOf,
  dict,
  f32,
  global,
  int,
  ordered,
  type Part,
  pickle,
  storage,
  str,
  tensor,
  torchFile,
  tuple,
} from './pickle-bytes.ts'

const open = (pickled: Uint8Array, ...storages: readonly Uint8Array[]): Promise<Shard> =>
  openTorch(bytesSource('x.bin', torchFile(pickled, storages.length > 0 ? storages : undefined)))
const rows = async (shard: Shard, name: string, from?: number, to?: number): Promise<number[]> => [
  ...new Float32Array((await shard.read(name, from, to)).buffer),
]
const dictOf = (items: Readonly<Record<string, Part>>): Promise<Shard> => open(pickle(dict(items)))

afterAll(() => countFaults('pickles of torch', hostilePickles))

describe('a pickle', () => {
  for (const [what, code, pickles] of hostilePickles) {
    test(`refuses ${what}, in ${pickles.length} files`, async () => {
      expect(pickles.length).toBeGreaterThanOrEqual(3)
      for (const [i, bytes] of pickles.entries()) expect(await codeOf(() => open(bytes)), `file ${i}`).toBe(code)
    })
  }

  test('names the global that it asks for, and the place', async () => {
    for (const [name, bytes] of namedGlobals) {
      const error = await open(bytes).catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(SailError)
      expect(error).toMatchObject({ code: 'E_TORCH_GLOBAL', file: 'x.bin', found: `the global "${name}"` })
      expect((error as SailError).place).toMatch(/^data\.pkl, byte \d+$/)
    }
  })

  test('quotes what a name holds, so that it cannot move a cursor', async () => {
    const error = await open(pickle(global('os\u001b[2J', 'system'))).catch((thrown: SailError) => thrown)
    expect((error as SailError).message).not.toContain('\u001b')
    expect((error as SailError).message).toContain('\\u001b')
  })

  test('gives tensors of a storage, whole and in rows', async () => {
    const shard = await dictOf({ w: tensor() })
    expect([...shard.tensors]).toEqual([['w', { dtype: 'F32', shape: [2, 3], byteLength: 24 }]])
    expect(await rows(shard, 'w')).toEqual([0, 1, 2, 3, 4, 5])
    expect(await rows(shard, 'w', 1)).toEqual([3, 4, 5])
    expect(await rows(shard, 'w', 1, 1)).toEqual([])
    for (const [from, to] of [
      [0, 3],
      [-1, 1],
      [2, 1],
      [0.5, 1],
      [Number.NaN, 1],
    ] as const) {
      expect(await codeOf(() => shard.read('w', from, to))).toBe('E_TORCH_ROWS')
    }
  })

  test('takes parts of a storage side by side, the same view twice, and strides that say nothing', async () => {
    const shard = await dictOf({
      a: tensor({ shape: [2] }),
      b: tensor({ shape: [1, 3], strides: [99, 1], offset: int(2) }),
      c: tensor({ shape: [2] }),
      d: tensor({ shape: [], offset: int(5) }),
      e: tensor({ shape: [0, 9], strides: [7, 7], offset: int(6) }),
    })
    expect(await rows(shard, 'a')).toEqual([0, 1])
    expect(await rows(shard, 'b')).toEqual([2, 3, 4])
    expect(await rows(shard, 'c')).toEqual([0, 1])
    expect(await rows(shard, 'd')).toEqual([5])
    expect(await rows(shard, 'e')).toEqual([])
  })

  test('takes an OrderedDict with _metadata, parameters, and empty metadata of a tensor', async () => {
    const metadata = dict({ _metadata: dict({ '': dict({ version: int(1) }) }) })
    const parameter = bytesOf(global('torch._utils', '_rebuild_parameter'), tuple(tensor(), [0x88], ordered), 'R')
    const shard = await open(pickle(ordered, str('w'), parameter, 's', metadata, 'b'))
    expect(await rows(shard, 'w')).toEqual([0, 1, 2, 3, 4, 5])
    expect((await dictOf({ w: tensor({ more: '}' }) })).tensors.size).toBe(1)
    expect((await dictOf({ w: tensor({ more: 'N' }) })).tensors.size).toBe(1)
  })

  test('counts an untyped storage in bytes', async () => {
    const shard = await dictOf({
      w: tensor({ type: global('torch.storage', 'UntypedStorage'), count: 24, shape: [24] }),
    })
    expect(shard.tensors.get('w')).toEqual({ dtype: 'U8', shape: [24], byteLength: 24 })
  })

  test('reads numbers of every size', async () => {
    const [one, two] = [tensor({ shape: [1], offset: 'K\u0001' }), tensor({ shape: [1], offset: 'M\u0002\u0000' })]
    const [three, four] = [
      tensor({ shape: [1], offset: [0x8a, 1, 3] }),
      tensor({ shape: [1], offset: [0x8a, 8, 4, 0, 0, 0, 0, 0, 0, 0] }),
    ]
    const shard = await dictOf({ zero: tensor({ shape: [1], offset: [0x8a, 0] }), one, two, three, four })
    expect(await Promise.all(['zero', 'one', 'two', 'three', 'four'].map((name) => rows(shard, name)))).toEqual([
      [0],
      [1],
      [2],
      [3],
      [4],
    ])
  })

  test('accepts 100,000 tensors of one storage, and no more', async () => {
    const first = tensor({
      storage: bytesOf(storage(), 'q\u0000'),
      shape: [6],
      hooks: bytesOf(ordered, 'q\u0001'),
    })
    // The others take storage and hooks from the memo, as torch's own pickles do.
    const other = tensor({ storage: 'h\u0000', shape: [6], hooks: 'h\u0001' })
    const many = (n: number, value: (i: number) => Part): Uint8Array => {
      const some = (from: number): Uint8Array =>
        bytesOf(...Array.from({ length: 1000 }, (_, i) => bytesOf(str(`t${from + i}`), value(from + i), 's')))
      return pickle('}', ...Array.from({ length: n / 1000 }, (_, i) => some(1000 * i)))
    }
    const shard = await open(many(100_000, (i) => (i === 0 ? first : other)))
    expect(shard.tensors.size).toBe(100_000)
    expect(await rows(shard, 't99999')).toEqual([0, 1, 2, 3, 4, 5])
    expect(await codeOf(() => open(many(101_000, () => 'N')))).toBe('E_TORCH_COUNT')
  }, 60_000)

  test('finds a wrong CRC of the pickle when the file is opened, of a tensor when it is read whole', async () => {
    const good = torchFile(pickle(dict({ w: tensor() })))
    const spot = (what: Uint8Array): number => Buffer.from(good).indexOf(what)
    const damaged = good.slice()
    damaged[spot(f32(0, 1, 2, 3, 4, 5)) + 9] ^= 1
    const shard = await openTorch(bytesSource('x.bin', damaged))
    expect(await codeOf(() => shard.read('w'))).toBe('E_ZIP_CRC')
    expect(await codeOf(() => shard.read('w', 1, 2))).toBe('accepted')
    expect(await codeOf(() => shard.read('w', 0, 1))).toBe('accepted')
    expect(await codeOf(() => shard.read('w', 1, 2))).toBe('E_ZIP_CRC')
    for (const at of [spot(bytesOf('FloatStorage')), spot(bytesOf([0x80, 2, 0x7d])), spot(bytesOf('3\n'))]) {
      const file = good.slice()
      file[at] ^= 1
      expect(await codeOf(() => openTorch(bytesSource('x.bin', file)))).toBe('E_ZIP_CRC')
    }
  })
})
