// What a model can be loaded from and what is refused before anything is read.
import { openAsBlob } from 'node:fs'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test, vi } from 'vitest'
import { chooseBackend, chooseForModel } from '../../src/facade/choose-backend.ts'
import { loadSettings } from '../../src/facade/load-options.ts'
import { nodeEnvironment } from '../../src/node/environment.ts'
import { inspect, type LoadOptions, loadTokenizer, Sail } from '../../src/node.ts'
import { tiny } from '../model/tiny.ts'
import { root } from '../support/golden.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const folder = `${root}golden/cases/`
const model = `${folder}models/tiny-a`
const code = (code: string) => expect.objectContaining({ code })

async function idsOf(sail: Sail): Promise<readonly number[]> {
  try {
    const question = { image: `${folder}images/noise-40x26.png`, prompt: 'what is in the hat?' }
    return (await sail.ask(question, { maxNewTokens: 8 })).ids
  } finally {
    await sail.close()
  }
}

const exact = await idsOf(await Sail.load(model))

test('a file: URL and a map of Blobs are the same checkpoint', async () => {
  expect(await idsOf(await Sail.load(pathToFileURL(model)))).toEqual(exact)
  expect(await idsOf(await Sail.load(pathToFileURL(model).href))).toEqual(exact)
  const names = await readdir(model)
  const blobs = new Map(
    await Promise.all(names.map(async (name) => [name, await openAsBlob(join(model, name))] as const)),
  )
  expect(await idsOf(await Sail.load(blobs))).toEqual(exact)
})

test('weights f32 are those of an f32 checkpoint, and info says so', async () => {
  const sail = await Sail.load(model, { weights: 'f32' })
  expect(sail.info).toMatchObject({ weights: 'f32', numerics: 'f32', family: 'sail', model })
  expect(await idsOf(sail)).toEqual(exact)
})

test('weights bf16 compute with rounded weights', async () => {
  const stages = ['text.logits']
  const logits = async (options: LoadOptions) => {
    const sail = await Sail.load(model, options)
    const trace = await sail.trace({ prompt: 'x' }, { stages })
    await sail.close()
    return trace.get('text.logits')!.data as Float32Array
  }
  const [a, b] = [await logits({}), await logits({ weights: 'bf16' })]
  const distance = Math.hypot(...a.map((x, i) => x - b[i])) / Math.hypot(...a)
  expect(distance).toBeGreaterThan(1e-4)
  expect(distance).toBeLessThan(0.05)
})

test('numerics bf16 round the weights too, whatever their format', async () => {
  const sail = await Sail.load(model, { numerics: 'bf16', weights: 'f32' })
  expect(sail.info).toMatchObject({ numerics: 'bf16', weights: 'bf16' })
  await sail.close()
})

test('auto takes wasm, and says so when it must take another', async () => {
  const sail = await Sail.load(model)
  expect(sail.info.backend).toBe('wasm')
  await sail.close()
  const rounded = await Sail.load(model, { numerics: 'bf16' })
  expect(rounded.info.backend).toBe('reference')
  expect(rounded.info.notes.join()).toContain('reference, the only one that rounds')
  await rounded.close()
  const own = await Sail.load(model, { backend: 'reference' })
  expect(own.info.notes).toEqual([])
  await own.close()
})

test('auto takes reference for heads that the kernels cannot cut, and says so; wasm stays what was asked for', async () => {
  const config = { ...tiny, dims: { ...tiny.dims, E: 6 } }
  const choose = async (options: LoadOptions) => {
    const settings = loadSettings(options)
    return chooseForModel(await chooseBackend(settings, nodeEnvironment), settings, config)
  }
  const chosen = await choose({})
  expect(chosen.backend.name).toBe('reference')
  expect(chosen.notes).toEqual(['backend auto: reference, since wasm takes heads of a multiple of 4 values, not of 6'])
  expect((await choose({ backend: 'wasm' })).backend.name).toBe('wasm')
  await expect(choose({ threads: 2 })).rejects.toThrow(code('E_OPTION_UNAVAILABLE'))
})

test('both backends answer alike', async () => {
  expect(await idsOf(await Sail.load(model, { backend: 'reference' }))).toEqual(exact)
  expect(await idsOf(await Sail.load(model, { backend: 'wasm', threads: 1, kernels: 'strict' }))).toEqual(exact)
})

test('progress never goes back and ends ready; a throw in it rejects the load', async () => {
  const seen: number[] = []
  const phases: string[] = []
  const sail = await Sail.load(model, {
    onProgress: ({ loaded, total, phase }) => {
      seen.push(loaded)
      phases.push(phase)
      expect(loaded).toBeLessThanOrEqual(total)
    },
  })
  await sail.close()
  expect(seen).toEqual(seen.toSorted((a, b) => a - b))
  expect(phases.at(-1)).toBe('ready')
  const onProgress = () => {
    throw new Error('mine')
  }
  await expect(Sail.load(model, { onProgress })).rejects.toThrow('mine')
})

test('an abort while weights are read rejects with its reason', async () => {
  const control = new AbortController()
  const load = Sail.load(model, { signal: control.signal, onProgress: () => control.abort(new Error('enough')) })
  await expect(load).rejects.toThrow('enough')
})

const refused: readonly (readonly [options: object, code: string])[] = [
  [{ backend: 'webgpu', numerics: 'bf16' }, 'E_OPTION_UNAVAILABLE'],
  [{ backend: 'cuda' }, 'E_OPTION_BACKEND'],
  [{ weights: 'q8', numerics: 'bf16' }, 'E_WEIGHTS_FORMAT_UNSUPPORTED'],
  [{ weights: 'int3' }, 'E_OPTION_WEIGHTS'],
  [{ numerics: 'f16' }, 'E_OPTION_NUMERICS'],
  [{ kernels: 'relaxed', backend: 'reference' }, 'E_KERNELS_UNAVAILABLE'],
  [{ kernels: 'fast' }, 'E_OPTION_KERNELS'],
  [{ threads: 4, backend: 'reference' }, 'E_OPTION_UNAVAILABLE'],
  [{ activations: 'int' }, 'E_OPTION_UNAVAILABLE'],
  [{ numerics: 'bf16', backend: 'wasm' }, 'E_OPTION_UNAVAILABLE'],
  [{ threads: 0 }, 'E_OPTION_THREADS'],
  [{ activations: 'f16' }, 'E_OPTION_UNAVAILABLE'],
  [{ kv: 'f16', backend: 'reference' }, 'E_OPTION_UNAVAILABLE'],
  [{ maxPatches: 0 }, 'E_OPTION_MAX_PATCHES'],
  [{ maxPatches: 4097 }, 'E_OPTION_MAX_PATCHES'],
  [{ maxPixels: 0 }, 'E_OPTION_MAX_PIXELS'],
  [{ maxPixels: 2 ** 31 }, 'E_OPTION_MAX_PIXELS'],
  [{ logger: 'console' }, 'E_OPTION_LOGGER'],
  [{ max_patches: 5 }, 'E_OPTION_UNKNOWN'],
]
for (const [options, wanted] of refused)
  test(`${JSON.stringify(options)} is ${wanted}, before the folder is looked at`, async () => {
    await expect(Sail.load('no such folder', options)).rejects.toThrow(code(wanted))
  })

test('a folder that is not there, a file, an empty folder', async () => {
  await expect(Sail.load(`${folder}models/none`)).rejects.toThrow(code('E_FILE_MISSING'))
  await expect(Sail.load(`${model}/config.json`)).rejects.toThrow(code('E_FILE_KIND'))
  await expect(Sail.load(`${folder}images`)).rejects.toThrow(code('E_WEIGHTS_NONE'))
  await expect(Sail.load(new Map())).rejects.toThrow(code('E_WEIGHTS_NONE'))
  await expect(Sail.load('https://')).rejects.toThrow(code('E_HTTP_URL'))
})

test('inspect names what is wrong, the tokenizer included', async () => {
  expect((await inspect(model)).problems).toEqual([])
  const empty = await mkdtemp(join(tmpdir(), 'sail-'))
  try {
    await writeFile(join(empty, 'tokenizer.json'), '{}')
    const codes = (await inspect(empty)).problems.map(({ code }) => code)
    expect(codes).toContain('E_WEIGHTS_NONE')
    expect(codes.some((found) => found.startsWith('E_TOKENIZER_'))).toBe(true)
  } finally {
    await rm(empty, { recursive: true })
  }
})

test('inspect plans the memory of each weight format', async () => {
  const { plan, memory, config } = await inspect(model)
  expect(plan!.q4.memories).toEqual([[0, config!.dims.L]])
  expect(memory).toMatchObject({ exact: plan!.exact.weights, q4: plan!.q4.weights })
  const { f32, bf16, q8, q4 } = memory!
  expect([q4, q8, bf16, f32]).toEqual([q4, q8, bf16, f32].toSorted((a, b) => a - b))
  expect(plan!.f32.total).toBeGreaterThan(f32 + plan!.f32.cache)
})

test('loadTokenizer reads tokenizer.json alone', async () => {
  const tokenizer = await loadTokenizer(model)
  expect(tokenizer.decode(tokenizer.encode('what is it?'))).toBe('what is it?')
})
