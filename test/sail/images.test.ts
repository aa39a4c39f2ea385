// An image in each of the forms it may be handed in, and what is refused.
import { openAsBlob } from 'node:fs'
import { mkdtemp, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type ImageInput, preprocess, Sail } from '../../src/node.ts'
import { root } from '../support/golden.ts'

vi.setConfig({ testTimeout: 1100_000, hookTimeout: 1100_000 })

const folder = `${root}golden/cases/`
const png = `${folder}images/noise-40x26.png`
const code = (code: string) => expect.objectContaining({ code })
const patches = async (image: ImageInput) => (await preprocess(image, { patchSize: 14 })).patches

let temporary: string
beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'sail-'))
})
afterAll(() => rm(temporary, { recursive: true }))

test('path, file: URL, data: URL, bytes, Blob and pixels are the same image', async () => {
  const wanted = await patches(png)
  const bytes = await readFile(png)
  const { rgb } = await preprocess(png, { patchSize: 14 })
  const forms: ImageInput[] = [
    pathToFileURL(png),
    pathToFileURL(png).href,
    `data:image/png;base64,${bytes.toString('base64')}`,
    bytes,
    new Uint8Array(bytes),
    await openAsBlob(png),
    { data: rgb.data, width: rgb.shape[1], height: rgb.shape[0] },
  ]
  for (const form of forms) expect(await patches(form)).toEqual(wanted)
})

test('maxPatches makes the grid smaller', async () => {
  const { grid } = await preprocess(png, { patchSize: 4, maxPatches: 10 })
  expect(grid[0] * grid[1]).toBeLessThanOrEqual(10)
})

test('maxPixels lowers or raises the cap on what a picture may declare', async () => {
  const { rgb } = await preprocess(png, { patchSize: 4 })
  const pixels = rgb.shape[0] * rgb.shape[1]
  expect((await preprocess(png, { patchSize: 4, maxPixels: pixels })).rgb).toEqual(rgb)
  await expect(preprocess(png, { patchSize: 4, maxPixels: pixels - 1 })).rejects.toThrow(code('E_IMAGE_TOO_LARGE'))
  const raw = { data: rgb.data, width: rgb.shape[1], height: rgb.shape[0] }
  await expect(preprocess(raw, { patchSize: 4, maxPixels: pixels - 1 })).rejects.toThrow(code('E_IMAGE_TOO_LARGE'))
  for (const maxPixels of [0, 1.5, 2 ** 31, Number.NaN])
    await expect(preprocess(png, { patchSize: 4, maxPixels })).rejects.toThrow(code('E_OPTION_MAX_PIXELS'))
})

test('what is no image file is refused by what it is', async () => {
  const large = join(temporary, 'large.png')
  await writeFile(large, '')
  await truncate(large, 2 ** 29 + 1)
  await writeFile(join(temporary, 'text.png'), 'hello')
  await writeFile(join(temporary, 'empty.png'), '')
  await symlink('nowhere', join(temporary, 'dangling.png'))
  const faults: readonly (readonly [image: unknown, code: string])[] = [
    [join(temporary, 'none.png'), 'E_IMAGE_MISSING'],
    [join(png, 'below.png'), 'E_IMAGE_MISSING'],
    [join(temporary, 'dangling.png'), 'E_IMAGE_MISSING'],
    [temporary, 'E_IMAGE_NOT_A_FILE'],
    ['/dev/null', 'E_IMAGE_NOT_A_FILE'],
    [large, 'E_IMAGE_FILE_SIZE'],
    [join(temporary, 'text.png'), 'E_IMAGE_UNKNOWN'],
    [join(temporary, 'empty.png'), 'E_IMAGE_EMPTY'],
    ['a\0b', 'E_IMAGE_UNREADABLE'],
    ['file://elsewhere/x.png', 'E_FILE_URL'],
    ['http://127.0.0.1:9/x.png', 'E_IMAGE_FETCH'],
    [{ data: new Uint8Array(3), width: 2, height: 1 }, 'E_IMAGE_RAW'],
    [{ data: new Uint8Array(0), width: 0, height: 0 }, 'E_IMAGE_RAW'],
    [5, 'E_IMAGE_INPUT'],
    [null, 'E_IMAGE_INPUT'],
  ]
  for (const [image, wanted] of faults) await expect(patches(image as ImageInput), wanted).rejects.toThrow(code(wanted))
})

test('a patch size or cap that is none is refused', async () => {
  await expect(preprocess(png, { patchSize: 0 })).rejects.toThrow(code('E_IMAGE_SIZE'))
  await expect(preprocess(png, { patchSize: 14, maxPatches: 0.5 })).rejects.toThrow(code('E_IMAGE_SIZE'))
})

test('a picture too thin is named by its file', async () => {
  const thin = { data: new Uint8Array(3 * 100_000), width: 100_000, height: 1, file: 'thin.png' }
  const fault = (file: string) => expect.objectContaining({ code: 'E_IMAGE_TOO_THIN', file })
  await expect(patches(thin)).rejects.toThrow(fault('thin.png'))
  await expect(patches({ ...thin, file: undefined } as never)).rejects.toThrow(fault('image'))
})

test('a question that cannot be asked is refused before the model runs', async () => {
  const sail = await Sail.load(`${folder}models/tiny-a`)
  const ask = (question: object) => sail.ask(question as never, { maxNewTokens: 1 })
  await expect(ask({ prompt: 5 })).rejects.toThrow(code('E_QUESTION_PROMPT'))
  await expect(ask({})).rejects.toThrow(code('E_QUESTION_PROMPT'))
  await expect(ask({ prompt: '', raw: 'yes' })).rejects.toThrow(code('E_QUESTION_RAW'))
  await expect(ask({ prompt: '', img: png })).rejects.toThrow(code('E_QUESTION_UNKNOWN'))
  await expect(ask({ prompt: '<vpatch>' })).rejects.toThrow(code('E_SEQUENCE_PATCH_TOKENS'))
  await expect(ask({ prompt: '<vision>', image: png })).rejects.toThrow(code('E_SEQUENCE_VISION_TOKENS'))
  await expect(ask({ prompt: '', raw: true })).rejects.toThrow(code('E_SEQUENCE_EMPTY'))
  await expect(ask({ prompt: 'x'.repeat(400_000) })).rejects.toThrow(code('E_SEQUENCE_TOO_LONG'))
  expect((await ask({ prompt: '' })).ids).toHaveLength(1)
  expect((await ask({ prompt: '', image: png })).ids).toHaveLength(1)
  await sail.close()
})

test('an image for a checkpoint that reads none is refused before the file is opened', async () => {
  const sail = await Sail.load(`${folder}models/text-llama`)
  const image = 'no such file.png'
  await expect(sail.ask({ image, prompt: 'x' })).rejects.toThrow(code('E_MODEL_NO_VISION'))
  await expect(sail.features(image)).rejects.toThrow(code('E_MODEL_NO_VISION'))
  await sail.close()
})

test('the orientation of a file is told, not applied', async () => {
  const messages: string[] = []
  const sail = await Sail.load(`${folder}models/tiny-a`, { logger: (message) => messages.push(message) })
  const jpeg = await readFile(`${folder}images/noise-17x25.jpg`)
  // APP1 with one big-endian IFD entry: tag 0x0112, SHORT, 1 value, orientation 6.
  const app1 = Buffer.from('ffe100224578696600004d4d002a00000008000101120003000000010006000000000000', 'hex')
  const turned = Buffer.concat([jpeg.subarray(0, 2), app1, jpeg.subarray(2)])
  const plain = await sail.prepare({ image: jpeg, prompt: '' })
  expect(messages).toEqual([])
  expect((await sail.prepare({ image: turned, prompt: '' })).patches).toEqual(plain.patches)
  expect(messages.join()).toContain('orientation 6')
  await sail.close()
})
