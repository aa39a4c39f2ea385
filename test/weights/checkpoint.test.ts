import { afterAll, describe, expect, test } from 'vitest'
import { openCheckpoint } from '../../src/weights/checkpoint.ts'
import type { Folder } from '../../src/weights/folder.ts'
import { countFaults } from '../support/amounts.ts'
import { codeOf, fileWith, folderOf, type TestTensor } from './files.ts'

const f32 = (...values: number[]): TestTensor => ({
  dtype: 'F32',
  shape: [values.length],
  data: new Uint8Array(Float32Array.from(values).buffer),
})
const index = (map: unknown): string => JSON.stringify({ metadata: { total_size: 8 }, weight_map: map })
const indexName = 'model.safetensors.index.json'
const openCode = (files: Readonly<Record<string, Uint8Array | string>>): Promise<string> =>
  codeOf(() => openCheckpoint(folderOf(files)))

describe('openCheckpoint', () => {
  test('opens one file, by whose name alone it is known', async () => {
    const checkpoint = await openCheckpoint(
      folderOf({
        'model.safetensors': fileWith({ a: f32(1, 2), n: { dtype: 'I64', shape: [1], data: new Uint8Array(8) } }),
      }),
    )
    expect([...checkpoint.tensors]).toEqual([
      [
        'a',
        { dtype: 'F32', shape: [2], byteLength: 8, file: 'model.safetensors', path: expect.stringContaining('/model') },
      ],
    ])
    expect([...checkpoint.others.keys()]).toEqual(['n'])
    expect(new Float32Array((await checkpoint.read('a', 1, 2)).buffer)).toEqual(Float32Array.of(2))
    expect(await codeOf(() => checkpoint.read('b'))).toBe('E_WEIGHTS_NO_TENSOR')
    expect(await codeOf(() => checkpoint.read('n'))).toBe('E_WEIGHTS_NO_TENSOR')
    expect(await codeOf(() => checkpoint.read('a', 0, 3))).toBe('E_SAFETENSORS_ROWS')
  })

  test('opens shards through their index', async () => {
    const checkpoint = await openCheckpoint(
      folderOf({
        [indexName]: index({ b: '2.safetensors', a: '1.safetensors' }),
        '1.safetensors': fileWith({ a: f32(1) }),
        '2.safetensors': fileWith({ b: f32(2) }),
      }),
    )
    expect([...checkpoint.tensors].map(([name, { file }]) => [name, file])).toEqual([
      ['a', '1.safetensors'],
      ['b', '2.safetensors'],
    ])
    expect(new Float32Array((await checkpoint.read('b')).buffer)).toEqual(Float32Array.of(2))
    expect(checkpoint.files.map(({ name }) => name)).toEqual(['1.safetensors', '2.safetensors'])
  })

  test('prefers the single file, as Hugging Face does', async () => {
    const checkpoint = await openCheckpoint(
      folderOf({ 'model.safetensors': fileWith({ a: f32(1) }), [indexName]: 'rubbish' }),
    )
    expect([...checkpoint.tensors.keys()]).toEqual(['a'])
  })

  const one = fileWith({ a: f32(1) })
  const two = fileWith({ b: f32(2) })
  const cases: readonly (readonly [string, string, readonly Readonly<Record<string, Uint8Array | string>>[]])[] = [
    ['an index that is no JSON', 'E_INDEX_JSON', ['', '{', 'weights'].map((t) => ({ [indexName]: t }))],
    [
      'an index with a repeated tensor',
      'E_INDEX_DUPLICATE',
      [
        '{"weight_map":{"a":"1","a":"2"}}',
        '{"weight_map":{},"weight_map":{}}',
        '{"weight_map":{"a":"1","\\u0061":"1"}}',
      ].map((t) => ({ [indexName]: t })),
    ],
    [
      'an index without a map',
      'E_INDEX_MAP',
      [
        '{}',
        '[]',
        '{"weight_map":[]}',
        '{"weight_map":null}',
        '{"weight_map":{"a":1}}',
        '{"weight_map":{"a":null}}',
      ].map((t) => ({ [indexName]: t })),
    ],
    [
      'a shard name that is not bare',
      'E_INDEX_NAME',
      ['../1.safetensors', '/etc/passwd', 'a/b', 'a\\b', '..', '', 'C:1', 'file:///x', 'https://x/y', 'a\0'].map(
        (n) => ({ [indexName]: index({ a: n }) }),
      ),
    ],
    [
      'an empty map',
      'E_INDEX_SHARDS',
      [{ [indexName]: index({}) }, { [indexName]: '{"weight_map":{}}' }, { [indexName]: index({}), '1': one }],
    ],
    [
      'too many shards',
      'E_INDEX_SHARDS',
      [513, 600, 1000].map((n) => ({
        [indexName]: index(Object.fromEntries(Array.from({ length: n }, (_, i) => [`t${i}`, `${i}`]))),
      })),
    ],
    [
      'a missing shard',
      'E_INDEX_SHARD_MISSING',
      [
        { [indexName]: index({ a: '1' }) },
        { [indexName]: index({ a: '1', b: '2' }), '1': one },
        { [indexName]: index({ a: '1', b: '2' }), '2': two },
      ],
    ],
    [
      'a tensor in two shards',
      'E_INDEX_TWICE',
      [
        { [indexName]: index({ a: '1', b: '2' }), '1': one, '2': fileWith({ a: f32(1), b: f32(2) }) },
        { [indexName]: index({ a: '2', b: '1' }), '1': fileWith({ a: f32(1), b: f32(2) }), '2': one },
        { [indexName]: index({ a: '1', c: '3' }), '1': one, '3': one },
      ],
    ],
    [
      'a tensor in no shard',
      'E_INDEX_TENSOR_MISSING',
      [
        { [indexName]: index({ a: '1', c: '1' }), '1': one },
        { [indexName]: index({ a: '2', b: '2' }), '2': two },
        { [indexName]: index({ a: '2', b: '1' }), '1': one, '2': two },
      ],
    ],
    [
      'a tensor that the index does not name',
      'E_INDEX_UNLISTED',
      [
        { [indexName]: index({ a: '1' }), '1': fileWith({ a: f32(1), x: f32(1) }) },
        { [indexName]: index({ b: '2' }), '2': fileWith({ b: f32(1), x: f32() }) },
        { [indexName]: index({ a: '1', b: '2' }), '1': one, '2': fileWith({ b: f32(1), inv: f32(1, 2) }) },
      ],
    ],
    [
      'a damaged shard',
      'E_SAFETENSORS_TRUNCATED',
      [
        { 'model.safetensors': one.slice(0, -1) },
        { [indexName]: index({ a: '1' }), '1': one.slice(0, -4) },
        { [indexName]: index({ a: '1', b: '2' }), '1': one, '2': two.slice(0, -2) },
      ],
    ],
    [
      'a torch file that is none',
      'E_TORCH_MAGIC',
      [
        { 'pytorch_model.bin': 'PK' },
        { 'pytorch_model.bin': fileWith({ a: f32(1) }) },
        { 'pytorch_model.bin.index.json': index({ a: '1' }), '1': 'rubbish' },
      ],
    ],
    [
      'an index of torch files without a shard',
      'E_INDEX_SHARD_MISSING',
      [
        { 'pytorch_model.bin.index.json': index({ a: '1' }) },
        { 'pytorch_model.bin.index.json': index({ a: 'x' }), '1': one },
        { 'pytorch_model.bin.index.json': index({ a: '2' }), 'pytorch_model-00001-of-00001.bin': '' },
      ],
    ],
    [
      'a folder without weights',
      'E_WEIGHTS_NONE',
      [
        {},
        { 'config.json': '{}' },
        { 'model.gguf': 'GGUF', 'README.md': '' },
        { 'pytorch_model-00001-of-00002.bin': 'PK' },
      ],
    ],
    [
      'a Git LFS pointer',
      'E_SAFETENSORS_LFS_POINTER',
      [
        { 'model.safetensors': 'version https://git-lfs.github.com/spec/v1\n' },
        { [indexName]: index({ a: '1' }), '1': 'version https://git-lfs.github.com/spec/v1\noid x' },
        { [indexName]: index({ a: '1', b: '2' }), '1': one, '2': 'version https://git-lfs' },
      ],
    ],
  ]
  afterAll(() => countFaults('index files and folders', cases))

  for (const [what, code, folders] of cases) {
    test(`refuses ${what}`, async () => {
      for (const files of folders)
        expect(await openCode(files), JSON.stringify(files[indexName] ?? Object.keys(files))).toBe(code)
    })
  }

  test('finds the files of a folder that cannot list them by name', async () => {
    const blind = (files: Readonly<Record<string, string>>): Folder => ({ ...folderOf(files), names: async () => null })
    expect(await codeOf(() => openCheckpoint(blind({ 'pytorch_model.bin.index.json': '{}' })))).toBe('E_INDEX_MAP')
    expect(await codeOf(() => openCheckpoint(blind({})))).toBe('E_WEIGHTS_NONE')
  })

  test('prefers safetensors to torch files, whichever are whole', async () => {
    const both = folderOf({ [indexName]: index({ a: '1' }), '1': one, 'pytorch_model.bin': 'rubbish' })
    expect([...(await openCheckpoint(both)).tensors.keys()]).toEqual(['a'])
    expect(await openCode({ 'model.safetensors': 'rubbish!', 'pytorch_model.bin': one })).toMatch(/^E_SAFETENSORS_/)
  })

  test('closes the shards it had opened when one is bad', async () => {
    let open = 0
    const inner = folderOf({ [indexName]: index({ a: '1', b: '2' }), '1': one, '2': 'rubbish!' })
    const counting: Folder = {
      ...inner,
      async open(name) {
        const source = await inner.open(name)
        open++
        return { ...source, close: async () => void open-- }
      },
    }
    expect(await codeOf(() => openCheckpoint(counting))).toMatch(/^E_SAFETENSORS_/)
    expect(open).toBe(0)
  })
})
