import { readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { openFile } from '../../src/node/file-source.ts'
import { openFolder } from '../../src/node/open-folder.ts'
import { checkWeights } from '../../src/weights/check.ts'
import { openCheckpoint } from '../../src/weights/checkpoint.ts'
import { toF32 } from '../../src/weights/formats/convert.ts'
import { inspectCheckpoint } from '../../src/weights/inspect.ts'
import { readConfig } from '../../src/weights/read-config.ts'
import { readHeader } from '../../src/weights/safetensors/header.ts'
import { readTensor } from '../../src/weights/safetensors/read.ts'
import { shared } from '../support/golden.ts'
import { codeOf } from './files.ts'

describe.skipIf(shared === null)('the shared golden files (skipped without ../shared/golden)', () => {
  for (const [name, count] of [
    ['p14', 31],
    ['p32-window', 22],
  ] as const) {
    test(`${name} loads, with the tensors that its config asks for`, async () => {
      const folder = await openFolder(`${shared}models/${name}`)
      const checkpoint = await openCheckpoint(folder)
      const config = await readConfig(folder, checkpoint.tensors.has('model.vis_embed.weight'))
      expect(checkWeights(config, checkpoint, folder.name)).toBe(null)
      expect(checkpoint.tensors.size).toBe(count)
      for (const [tensor, { dtype, byteLength }] of checkpoint.tensors) {
        const bytes = await checkpoint.read(tensor)
        expect(bytes.byteLength).toBe(byteLength)
        expect(toF32(bytes, dtype).every((x) => Number.isFinite(x))).toBe(true)
      }
      await checkpoint.close()
      expect((await inspectCheckpoint(folder)).problems).toEqual([])
    })
  }

  test('p32-window-bin is refused as torch files', async () => {
    const folder = await openFolder(`${shared}models/p32-window-bin`)
    expect(await codeOf(() => openCheckpoint(folder))).toBe('E_WEIGHTS_TORCH_BIN')
  })

  test('every tensor of every case is read, in its declared type and size', async () => {
    const files = readdirSync(`${shared}cases`).map((name) => `${shared}cases/${name}`)
    for (const file of [...files, `${shared}rope.safetensors`]) {
      const source = await openFile(file)
      const header = await readHeader(source)
      for (const [name, { dtype, shape }] of header.tensors) {
        const tensor = await readTensor(source, header, name)
        expect(tensor.dtype).toBe(dtype)
        expect(tensor.data.length).toBe(shape.reduce((n, d) => n * d, 1))
      }
      await source.close()
    }
  })

  test('the equalities that FORMAT.md promises hold in what is read', async () => {
    const source = await openFile(`${shared}cases/p14-onepixel.f32.safetensors`)
    const header = await readHeader(source)
    const read = async (name: string): Promise<Float32Array> =>
      (await readTensor(source, header, name)).data as Float32Array
    const [x, a, sum] = [
      await read('prefix.embed'),
      await read('prefix.layers.0.attn_out'),
      await read('prefix.layers.0.attn_residual'),
    ]
    expect(sum).toEqual(x.map((v, i) => v + a[i]))
    expect(header.metadata.get('format')).toBe('sail-golden/1')
    await source.close()
  })
})
