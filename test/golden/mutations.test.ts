// Each stage of a dump of PyTorch, changed alone: verification names exactly that stage. The unit tier has the kinds of
// mistakes; this is every stage of a case with a sliding window.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Sail } from '../../src/node.ts'
import { firstFailure } from '../../src/verify/report.ts'
import { verify } from '../../src/verify/verify.ts'
import { copyOf, type Dump, goldenOf, readDump } from '../support/dumps.ts'
import { root, shared } from '../support/golden.ts'

async function failureOf(sail: Sail, dump: Dump, image: string): Promise<string | undefined> {
  return firstFailure(await verify(sail, await goldenOf(dump), { image, freeRunning: false }))?.name
}

describe('each stage of tiny-window-image', () => {
  const folder = `${root}golden/cases/`
  let sail: Sail
  beforeAll(async () => {
    sail = await Sail.load(`${folder}models/tiny-window`)
  })
  afterAll(() => sail.close())

  test('scaled by 1.001, or changed in its last element, is named', async () => {
    const golden = await readDump(`${folder}tiny-window-image.f32.safetensors`)
    expect(golden.tensors.size).toBeGreaterThan(80)
    for (const [name, { dtype, data }] of golden.tensors) {
      const dump = copyOf(golden)
      const changed = dump.tensors.get(name)!.data
      if (dtype === 'F32') for (let i = 0; i < data.length; i++) (changed as Float32Array)[i] *= 1.001
      else if (dtype === 'U8') (changed as Uint8Array)[data.length - 1] ^= 1
      else (changed as BigInt64Array)[data.length - 1] += 1n
      expect(await failureOf(sail, dump, folder + golden.metadata.get('image')), name).toBe(name)
    }
  })
})

describe.skipIf(shared === null)('a dump of another image (skipped without the shared goldens)', () => {
  test('is named at the image', async () => {
    const sail = await Sail.load(`${shared}models/p32-window`)
    const dump = await readDump(`${shared}cases/p32-landscape.f32.safetensors`)
    expect(await failureOf(sail, dump, `${shared}images/portrait-grey16.png`)).toBe('image.rgb')
    await sail.close()
  })
})
