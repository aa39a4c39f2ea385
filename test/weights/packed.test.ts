// Packed folders: the same weights and answers as packing at load, and what is refused of them.
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { quantizeIn } from '../../src/facade/quantize.ts'
import { viewWeights } from '../../src/facade/weight-view.ts'
import { nodeEnvironment } from '../../src/node/environment.ts'
import { Sail } from '../../src/node.ts'
import { checkOrigin, openCheckpoint } from '../../src/weights/checkpoint.ts'
import { blobFolder, type Folder } from '../../src/weights/folder.ts'
import { toF32 } from '../../src/weights/formats/convert.ts'
import { inspectCheckpoint } from '../../src/weights/inspect.ts'
import { Random } from '../fuzz/random.ts'
import { root } from '../support/golden.ts'
import { blobs, type Files, folderFiles, memoryFolder, packedFiles, withMetadata, withPart } from '../support/packed.ts'
import { codeOf } from './files.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const models = `${root}golden/cases/models/`
const model = `${models}tiny-a`
const image = `${root}golden/cases/images/noise-40x26.png`
const question = { image, prompt: 'What is this?' }
const formats = ['bf16', 'q8', 'q4'] as const
const up = 'model.layers.1.mlp.up_proj.weight.panels'
const file = 'packed.safetensors'

let q4: Files
beforeAll(async () => {
  q4 = await packedFiles(model, { weights: 'q4' })
})

const folderOf = (files: Files): Folder => blobFolder(blobs(files), 'packed')
const changed = (change: (bytes: Uint8Array) => Uint8Array): Files =>
  new Map(q4).set(file, change(q4.get(file)!.slice()))
const loading = (files: Files, options = {}) =>
  codeOf(async () => (await Sail.load(blobs(files), { kernels: 'strict', ...options })).close())

describe('a packed folder', () => {
  test.each(formats)('in %s gives the bits that packing at load gives', async (weights) => {
    const files = weights === 'q4' ? q4 : await packedFiles(model, { weights })
    const run = async (source: Parameters<typeof Sail.load>[0], options: object) => {
      const sail = await Sail.load(source, { kernels: 'strict', ...options })
      const trace = await sail.trace(question, { stages: ['*.logits', '*.layers.1.out'], maxNewTokens: 4 })
      const { weights: loaded } = sail.info
      await sail.close()
      return [loaded, [...trace].map(([name, { data }]) => [name, [...data].map(String).join()])]
    }
    expect(await run(blobs(files), {})).toEqual(await run(model, { weights }))
  })

  test.each(formats)('in %s is, row by row, what the reference backend computes with', async (weights) => {
    const packed = await openCheckpoint(folderOf(weights === 'q4' ? q4 : await packedFiles(model, { weights })))
    const folder = await nodeEnvironment.openFolder(model)
    const plain = await openCheckpoint(folder)
    const { config } = await inspectCheckpoint(folder)
    const view = viewWeights(plain, weights, config!)
    for (const [name, { dtype, shape }] of packed.tensors) {
      const rows = [Math.min(1, shape[0] - 1), Math.min(10, shape[0])] as const
      const want = toF32(await view.read(name, ...rows), view.tensors.get(name)!.dtype)
      expect([...toF32(await packed.read(name, ...rows), dtype)], name).toEqual([...want])
    }
    expect([...packed.tensors.keys()].sort()).toEqual([...view.tensors.keys()].sort())
    await plain.close()
  })

  test('takes 4.5 bits a weight in the layers and 8.5 at the ends', async () => {
    const { tensors } = await inspectCheckpoint(folderOf(q4))
    const bits = (name: string) => {
      const { bytes, shape } = tensors.find((tensor) => tensor.name === name)!
      return (bytes * 8) / (Math.ceil(shape[0] / 8) * 8 * Math.ceil(shape[1] / 32) * 32)
    }
    expect([bits(up), bits('model.embed_tokens.weight.panels')]).toEqual([4.5, 8.5])
  })

  test('is cut into files of bounded size with an index, and a tied head is stored once', async () => {
    const files = await packedFiles(model, { weights: 'q8', maxFileBytes: 200_000 })
    const names = [...files.keys()].filter((name) => name.startsWith('packed'))
    expect(names.length).toBeGreaterThan(3)
    expect(names).toContain('packed.safetensors.index.json')
    expect(await loading(files)).toBe('accepted')
    const one = names.find((name) => /^packed-.*\.safetensors$/.test(name))!
    expect(await loading(new Map([...files].filter(([name]) => name !== one)))).toBe('E_INDEX_SHARD_MISSING')
    const other = await packedFiles(`${models}tiny-window`, { weights: 'q8' })
    const mixed = withMetadata(files.get(one)!, (data) => {
      data.source = 'f'.repeat(64)
    })
    expect(await loading(new Map(files).set(one, mixed))).toBe('E_PACKED_MIXED')
    expect(other.has(file)).toBe(true)
  })
})

describe('a packed folder is refused', () => {
  const cases: readonly (readonly [what: string, code: string, change: (bytes: Uint8Array) => Uint8Array])[] = [
    [
      'of another version',
      'E_PACKED_VERSION',
      (f) => withMetadata(f, (m) => Object.assign(m, { format: 'sail-packed/2' })),
    ],
    ['of another layout', 'E_PACKED_VERSION', (f) => withMetadata(f, (m) => Object.assign(m, { layout: '2' }))],
    ['without a version', 'E_PACKED_VERSION', (f) => withMetadata(f, (m) => delete m.format)],
    ['with another config', 'E_PACKED_CONFIG', (f) => withMetadata(f, (m) => Object.assign(m, { config: '{}' }))],
    ['with a wrong hash', 'E_PACKED_METADATA', (f) => withMetadata(f, (m) => Object.assign(m, { source: 'abc' }))],
    ['in an unknown format', 'E_PACKED_METADATA', (f) => withMetadata(f, (m) => Object.assign(m, { weights: 'q2' }))],
    ['with files missing', 'E_PACKED_MIXED', (f) => withMetadata(f, (m) => Object.assign(m, { files: '2' }))],
    ['without parts', 'E_PACKED_JSON', (f) => withMetadata(f, (m) => Object.assign(m, { parts: '' }))],
    ['with a part undescribed', 'E_PACKED_PART', (f) => withMetadata(f, (m) => Object.assign(m, { parts: '{}' }))],
    [
      'with a part of another shape',
      'E_PACKED_PART',
      (f) => parts(f, (p) => Object.assign(p[up], { shape: [64, 64] })),
    ],
    ['with a huge shape', 'E_PACKED_PART', (f) => parts(f, (p) => Object.assign(p[up], { shape: [1e9, 1e9] }))],
    ['with a part in another format', 'E_PACKED_PART', (f) => parts(f, (p) => Object.assign(p[up], { format: 'q8' }))],
    ['that is cut short', 'E_SAFETENSORS_TRUNCATED', (f) => f.slice(0, f.length - 100)],
    ['with a changed bit', 'E_PACKED_SUM', (f) => withPart(f, up, (b) => b.set([b[999] ^ 4], 999), true)],
    ['with two parts of a panel exchanged', 'E_PACKED_SUM', (f) => withPart(f, up, swapGroups, true)],
    [
      'with a NaN that was packed',
      'E_WEIGHTS_NOT_FINITE',
      (f) => withPart(f, up, (b) => b.set([0xc0, 0x7f], 144 + 128)),
    ],
    [
      'with an infinite norm',
      'E_WEIGHTS_NOT_FINITE',
      (f) => withPart(f, 'model.norm.weight.rows', (b) => b.set([0x80, 0x7f], 6)),
    ],
  ]
  const parts = (bytes: Uint8Array, change: (parts: Record<string, object>) => void): Uint8Array =>
    withMetadata(bytes, (metadata) => {
      const all = JSON.parse(metadata.parts)
      change(all)
      metadata.parts = JSON.stringify(all)
    })
  const swapGroups = (bytes: Uint8Array): void => {
    const first = bytes.slice(0, 144)
    bytes.copyWithin(0, 144, 288)
    bytes.set(first, 144)
  }

  test.each(cases)('%s: %s', async (_, code, change) => {
    expect(await loading(changed(change))).toBe(code)
  })

  test('when a file is damaged, by the name of the part', async () => {
    const damaged = changed((bytes) => withPart(bytes, up, (b) => b.set([b[999] ^ 4], 999), true))
    await expect(Sail.load(blobs(damaged), { kernels: 'strict' })).rejects.toMatchObject({ place: up })
    const { problems } = await inspectCheckpoint(folderOf(damaged), { check: true })
    expect(problems.map(({ code, message }) => [code, message.includes(up)])).toEqual([['E_PACKED_SUM', true]])
    expect((await inspectCheckpoint(folderOf(q4), { check: true })).problems).toEqual([])
  })

  test('when other weights are asked for', async () => {
    expect(await loading(q4, { weights: 'q8' })).toBe('E_PACKED_FORMAT')
    expect(await loading(q4, { weights: 'f32', backend: 'reference' })).toBe('E_PACKED_FORMAT')
    expect(await loading(q4, { weights: 'q4' })).toBe('accepted')
  })

  test('beside the checkpoint of another model, and not beside its own', async () => {
    const own = folderFiles(model, ['model.safetensors'])
    expect(await loading(new Map([...q4, ...own]))).toBe('accepted')
    const weights = own.get('model.safetensors')!.slice()
    weights[weights.length - 2] ^= 1
    expect(await loading(new Map([...q4, ['model.safetensors', weights]]))).toBe('E_PACKED_SOURCE')
  })

  test('when it is held against another checkpoint', async () => {
    const { packed } = await openCheckpoint(folderOf(q4))
    const against = async (name: string) =>
      checkOrigin(folderOf(q4), packed!.head, await nodeEnvironment.openFolder(name))
    expect(await codeOf(() => against(model))).toBe('accepted')
    expect(await codeOf(() => against(`${models}tiny-window`))).toBe('E_PACKED_SOURCE')
  })
})

test('1,000 mutations of the header give nothing but SailErrors', async () => {
  const original = q4.get(file)!
  const header = 8 + Number(new DataView(original.buffer).getBigUint64(0, true))
  const codes = new Set<string>()
  for (let n = 0; n < 1000; n++) {
    const random = Random.of(1, n)
    const bytes = original.slice()
    for (let times = random.below(3) + 1; times > 0; times--)
      bytes[8 + random.below(header - 8)] = 32 + random.below(95)
    codes.add(await codeOf(async () => (await openCheckpoint(folderOf(new Map(q4).set(file, bytes)))).close()))
  }
  expect(codes.size).toBeGreaterThan(6)
  expect([...codes].filter((code) => code !== 'accepted').every((code) => code.startsWith('E_'))).toBe(true)
})

describe('packing', () => {
  test('a packed folder again is an error, since it would lose more', async () => {
    expect(await codeOf(() => quantizeIn(nodeEnvironment, blobs(q4), memoryFolder(), { weights: 'q4' }))).toBe(
      'E_QUANTIZE_PACKED',
    )
  })

  test('a weight that is NaN is reported by name, and leaves nothing', async () => {
    const names = ['config.json', 'generation_config.json', 'tokenizer.json', 'model.safetensors']
    for (const weights of formats) {
      const files = folderFiles(model, names)
      const source = files.get('model.safetensors')!
      source.set([0, 0, 0xc0, 0x7f], source.length - 4)
      const out = memoryFolder()
      const packing = quantizeIn(nodeEnvironment, blobs(files), out, { weights, threads: 1 })
      await expect(packing).rejects.toMatchObject({
        code: 'E_WEIGHTS_NOT_FINITE',
        place: expect.stringMatching(/weight, element \d+$/),
      })
      expect([out.aborted(), out.files.size]).toEqual([true, 0])
    }
  })

  test('that is aborted, or meets a full disk, leaves nothing', async () => {
    const control = new AbortController()
    const out = memoryFolder()
    const onProgress = () => control.abort(new Error('enough'))
    const aborted = quantizeIn(nodeEnvironment, model, out, {
      weights: 'q4',
      threads: 1,
      onProgress,
      signal: control.signal,
    })
    await expect(aborted).rejects.toThrow('enough')
    expect([out.aborted(), out.files.size]).toEqual([true, 0])
    const full = memoryFolder()
    const noSpace = { ...full, file: async () => Promise.reject(new Error('ENOSPC')) }
    await expect(quantizeIn(nodeEnvironment, model, noSpace, { weights: 'q4', threads: 1 })).rejects.toThrow('ENOSPC')
    expect(full.aborted()).toBe(true)
  })
})
