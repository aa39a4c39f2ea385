import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { SailError } from '../../../src/errors.ts'
import { bytesSource } from '../../../src/weights/byte-source.ts'
import { openCheckpoint } from '../../../src/weights/checkpoint.ts'
import { inspectCheckpoint } from '../../../src/weights/inspect.ts'
import { readHeader } from '../../../src/weights/safetensors/header.ts'
import { openTorch } from '../../../src/weights/torch/open.ts'
import { codeOf, folderOf } from '../files.ts'
import { fixtures } from './fixtures.ts'
import { bytesOf, dict, f32, pickle, tensor, torchFile } from './pickle-bytes.ts'
import { type EntryFields, joined, zipOf } from './zip-bytes.ts'

const openCode = (bytes: Uint8Array): Promise<string> => codeOf(() => openTorch(bytesSource('x.bin', bytes)))
const twins = new Map(fixtures('valid', '.safetensors').map(({ name, bytes }) => [name, bytes]))

describe('a file that torch wrote', () => {
  for (const { name, bytes } of fixtures('valid', '.bin')) {
    test(`${name} holds the bytes of its safetensors twin`, async () => {
      const twin = twins.get(name) ?? twins.get('plain')!
      const { tensors } = await readHeader(bytesSource('x', twin))
      const shard = await openTorch(bytesSource('x.bin', bytes))
      expect([...shard.tensors.keys()].sort()).toEqual([...tensors.keys()].sort())
      for (const [tensor, { dtype, shape, begin, end }] of tensors) {
        expect(shard.tensors.get(tensor)).toEqual({ dtype, shape, byteLength: end - begin })
        expect(Buffer.compare(await shard.read(tensor), twin.slice(begin, end)), tensor).toBe(0)
        const first = await shard.read(tensor, 0, Math.min(1, shape[0] ?? 1))
        expect(Buffer.compare(first, twin.slice(begin, begin + first.length)), tensor).toBe(0)
      }
    })
  }

  const refused: Readonly<Record<string, string>> = {
    columns: 'E_TORCH_STRIDES',
    complex128: 'E_TORCH_GLOBAL',
    conjugate: 'E_TORCH_CALL',
    deflated: 'E_ZIP_METHOD',
    expanded: 'E_TORCH_STRIDES',
    float8: 'E_TORCH_GLOBAL',
    'legacy-dict': 'E_TORCH_LEGACY',
    'legacy-plain': 'E_TORCH_LEGACY',
    'legacy-tensor': 'E_TORCH_LEGACY',
    list: 'E_TORCH_OPCODE',
    negative: 'E_TORCH_CALL',
    nested: 'E_TORCH_STATE_DICT',
    numbers: 'E_TORCH_KEY',
    overlapping: 'E_TORCH_OVERLAP',
    'protocol-3': 'E_TORCH_PROTOCOL',
    'protocol-4': 'E_TORCH_PROTOCOL',
    'protocol-5': 'E_TORCH_PROTOCOL',
    reshaped: 'E_TORCH_OVERLAP',
    script: 'E_ZIP_METHOD',
    sparse: 'E_TORCH_GLOBAL',
    tensor: 'E_TORCH_STATE_DICT',
    training: 'E_TORCH_STATE_DICT',
    transposed: 'E_TORCH_STRIDES',
  }
  for (const { name, bytes } of fixtures('refused', '.bin')) {
    test(`${name} is refused with ${refused[name]}`, async () => expect(await openCode(bytes)).toBe(refused[name]))
  }

  test('of the old format is refused with the command that converts it', async () => {
    for (const { bytes } of fixtures('refused', '.bin').filter(({ name }) => name.startsWith('legacy-'))) {
      const error = await openTorch(bytesSource('x.bin', bytes)).catch((thrown: SailError) => thrown)
      expect((error as SailError).hint).toMatch(/torch\.load.*weights_only=True.*torch\.save/)
    }
  })
})

describe('a pickle that runs code in Python', () => {
  const globals: Readonly<Record<string, string>> = {
    argument: 'posix.system',
    class: '__builtin__.long',
    eval: '__builtin__.eval',
    exec: '__builtin__.exec',
    getattr: '__builtin__.getattr',
    loads: 'pickle.loads',
    nested: '__main__.Call',
    object: '__main__.State',
    popen: 'os.popen',
    system: 'posix.system',
    'torch-load': 'torch.serialization.load',
  }
  for (const { name, bytes } of fixtures('hostile', '.bin')) {
    test(`${name} is refused by the name ${globals[name]}, and does nothing`, async () => {
      const error = await openTorch(bytesSource('x.bin', bytes)).catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(SailError)
      expect(error).toMatchObject({ code: 'E_TORCH_GLOBAL', found: `the global "${globals[name]}"` })
      expect(existsSync('owned.txt')).toBe(false)
    })
  }

  test('is refused in every protocol', async () => {
    for (const { name, bytes } of fixtures('hostile', '.pkl')) {
      expect(await openCode(torchFile(bytes)), name).toBe(name === 'system.2' ? 'E_TORCH_GLOBAL' : 'E_TORCH_PROTOCOL')
      expect(await openCode(bytes), name).toMatch(/^E_TORCH_(?:LEGACY|MAGIC)$/)
    }
  })
})

describe('an archive', () => {
  const good = pickle(dict({ w: tensor() }))
  const entry = (name: string, data: string | Uint8Array): EntryFields => ({
    name,
    data: typeof data === 'string' ? bytesOf(data) : data,
  })
  const [data, storage, version] = [
    entry('m/data.pkl', good),
    entry('m/data/0', f32(0, 1, 2, 3, 4, 5)),
    entry('m/version', '3\n'),
  ]
  const text = (value: string): Uint8Array => new TextEncoder().encode(value)
  const more = (...entries: EntryFields[]): Uint8Array => torchFile(good, undefined, entries)

  const cases: readonly (readonly [string, string, readonly Uint8Array[]])[] = [
    [
      'without data.pkl',
      'E_TORCH_ARCHIVE',
      [
        zipOf([storage, version]),
        zipOf([entry('data.pkl', good), version]),
        zipOf([version]),
        zipOf([entry('m/Data.pkl', good), version]),
      ],
    ],
    [
      'with two folders',
      'E_TORCH_ARCHIVE',
      [more(entry('n/data.pkl', good)), more(entry('x', '')), more(entry('M/version', '3\n'))],
    ],
    [
      'of TorchScript',
      'E_TORCH_SCRIPT',
      [more(entry('m/constants.pkl', '')), more(entry('m/code/a.py', '')), more(entry('m/code/x/y', ''))],
    ],
    [
      'without a version',
      'E_TORCH_VERSION',
      [
        zipOf([data, storage]),
        ...['', '0', '11\n', 'x', '3 ', '3\n\n', '\u00003'].map((v) => zipOf([data, storage, entry('m/version', v)])),
      ],
    ],
    [
      'of another byte order',
      'E_TORCH_BYTEORDER',
      ['big', '', 'little\n', 'Little'].map((order) => more(entry('m/byteorder', order))),
    ],
    [
      'with a large version or byte order',
      'E_TORCH_LARGE',
      [
        more(entry('m/byteorder', new Uint8Array(65))),
        more(entry('m/byteorder', new Uint8Array(1e6))),
        zipOf([data, storage, entry('m/version', new Uint8Array(65))]),
      ],
    ],
    [
      'with a large pickle',
      'E_TORCH_LARGE',
      [25_000_001, 26_000_000, 30_000_000].map((n) => torchFile(new Uint8Array(n))),
    ],
    ['of nothing', 'E_TORCH_EMPTY', [new Uint8Array(0), new Uint8Array(0), new Uint8Array(0)]],
    [
      'that is a Git LFS pointer',
      'E_TORCH_LFS_POINTER',
      ['1', '2', '3'].map((v) => text(`version https://git-lfs.github.com/spec/v${v}\n`)),
    ],
    ['that is a page', 'E_TORCH_HTML', ['<!DOCTYPE html>', '<html>', '\n <?xml version="1.0"?>'].map(text)],
    [
      'that is something else',
      'E_TORCH_MAGIC',
      ['GGUF', 'PK\u0005\u0006', 'P', '\u0000\u0000\u0000\u0000', 'PK\u0001\u0002'].map(text),
    ],
    ['that is cut', 'E_ZIP_END', [4, 30, 100, 200].map((n) => more().slice(0, n))],
    ['that is cut at its end', 'E_ZIP_END', [1, 22, 23, 64].map((n) => more().slice(0, -n))],
    [
      'with something behind it',
      'E_ZIP_END',
      [more(), text('x'), new Uint8Array(22)].map((rest, i) =>
        i === 0 ? joined(rest, text('PK')) : joined(more(), rest),
      ),
    ],
  ]
  for (const [what, code, files] of cases) {
    test(`${what} is refused, in ${files.length} files`, async () => {
      for (const [i, file] of files.entries()) expect(await openCode(file), `file ${i}`).toBe(code)
    })
  }

  test('takes versions 1 to 10, little byte order, and entries that it does not know', async () => {
    for (const v of ['1', '3\n', '10\n'])
      expect(await openCode(zipOf([data, storage, entry('m/version', v)]))).toBe('accepted')
    expect(await openCode(zipOf([data, storage, entry('m/.data/version', '3\n')]))).toBe('accepted')
    expect(await openCode(more(entry('m/byteorder', 'little'), entry('m/.data/serialization_id', '7')))).toBe(
      'accepted',
    )
  })
})

describe('a checkpoint of torch files', () => {
  const plain = fixtures('valid', '.bin').find(({ name }) => name === 'plain')!.bytes
  const dtypes = fixtures('valid', '.bin').find(({ name }) => name === 'dtypes')!.bytes

  test('is opened from one file, floats apart from other tensors', async () => {
    const checkpoint = await openCheckpoint(folderOf({ 'pytorch_model.bin': dtypes }))
    expect([...checkpoint.tensors.values()].map(({ dtype }) => dtype)).toEqual([
      'F64',
      'F32',
      'F16',
      'BF16',
      'F32',
      'F32',
      'F32',
      'F32',
    ])
    expect([...checkpoint.others.values()].map(({ dtype }) => dtype)).toEqual(['I64', 'I32', 'I16', 'I8', 'U8', 'BOOL'])
    expect(checkpoint.tensors.get('f32')).toEqual({
      dtype: 'F32',
      shape: [3, 5],
      byteLength: 60,
      file: 'pytorch_model.bin',
      path: 'm/pytorch_model.bin',
    })
    expect(await codeOf(() => checkpoint.read('i64'))).toBe('E_WEIGHTS_NO_TENSOR')
    expect(await codeOf(() => checkpoint.read('f32', 0, 4))).toBe('E_TORCH_ROWS')
  })

  test('is opened from shards, which the index must describe', async () => {
    const names = [...(await openTorch(bytesSource('x', dtypes))).tensors.keys()]
    const map = { ...Object.fromEntries(names.map((name) => [name, '2.bin'])), w: '1.bin' }
    const files = (weight_map: object): Readonly<Record<string, Uint8Array | string>> => ({
      'pytorch_model.bin.index.json': JSON.stringify({ weight_map }),
      '1.bin': plain,
      '2.bin': dtypes,
    })
    const checkpoint = await openCheckpoint(folderOf(files(map)))
    expect(checkpoint.tensors.get('w')?.file).toBe('1.bin')
    expect(new Float32Array((await checkpoint.read('w')).buffer)).toEqual(Float32Array.of(0, 1, 2, 3, 4, 5))
    expect(await codeOf(() => openCheckpoint(folderOf(files({ ...map, x: '1.bin' }))))).toBe('E_INDEX_TENSOR_MISSING')
    expect(await codeOf(() => openCheckpoint(folderOf(files({ ...map, w: '2.bin' }))))).toBe('E_INDEX_TENSOR_MISSING')
    const { f16: _, ...fewer } = map as Record<string, string>
    expect(await codeOf(() => openCheckpoint(folderOf(files(fewer))))).toBe('E_INDEX_UNLISTED')
  })

  test('is inspected with what it holds, and with what is wrong with it', async () => {
    const found = await inspectCheckpoint(folderOf({ 'pytorch_model.bin': plain }))
    expect(found.tensors).toEqual([{ name: 'w', dtype: 'F32', shape: [2, 3], bytes: 24, file: 'pytorch_model.bin' }])
    const hostile = fixtures('hostile', '.bin').find(({ name }) => name === 'system')!.bytes
    const { problems } = await inspectCheckpoint(folderOf({ 'pytorch_model.bin': hostile }))
    expect(problems[0]).toMatchObject({ code: 'E_TORCH_GLOBAL' })
    expect(problems[0].message).toContain('posix.system')
  })
})
