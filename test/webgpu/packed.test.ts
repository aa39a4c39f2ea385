// Packed folders on webgpu: the bytes that sail quantize wrote go to the device as they are, and give the bits that packing
// at load gives; damage is found by its sum.
import { beforeAll, describe, expect, test } from 'vitest'
import { Sail } from '../../src/node.ts'
import { root } from '../support/golden.ts'
import { blobs, type Files, packedFiles } from '../support/packed.ts'
import { noGpu, skipped } from '../support/software-gpu.ts'

const model = `${root}golden/cases/models/tiny-window`
const file = 'packed.safetensors'

describe.skipIf(noGpu !== '')(`a packed folder${skipped}`, () => {
  let q4: Files
  beforeAll(async () => {
    q4 = await packedFiles(model, { weights: 'q4' })
  })

  test('gives the bits that packing at load gives', async () => {
    const run = async (source: Parameters<typeof Sail.load>[0], options: object) => {
      const sail = await Sail.load(source, { backend: 'webgpu', ...options })
      try {
        expect(sail.info).toMatchObject({ backend: 'webgpu', weights: 'q4' })
        const prepared = await sail.prepare({ prompt: 'What is this?' })
        return await sail.open(prepared).pass('text', { stages: ['logits'] })
      } finally {
        await sail.close()
      }
    }
    expect(await run(blobs(q4), {})).toEqual(await run(model, { weights: 'q4' }))
  })

  test('that is damaged is refused by its sum', async () => {
    const bytes = q4.get(file)!.slice()
    bytes[bytes.length - 100] ^= 1
    const damaged = blobs(new Map(q4).set(file, bytes))
    await expect(Sail.load(damaged, { backend: 'webgpu' })).rejects.toThrow(
      expect.objectContaining({ code: 'E_PACKED_SUM' }),
    )
  })
})
