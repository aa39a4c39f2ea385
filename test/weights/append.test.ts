import { describe, expect, test } from 'vitest'
import { f32, i64, type Tensor, u8 } from '../../src/tensor.ts'
import { memorySink } from '../../src/weights/byte-sink.ts'
import { bytesSource } from '../../src/weights/byte-source.ts'
import { appendSafetensors, headerRoom } from '../../src/weights/safetensors/append.ts'
import { readHeader } from '../../src/weights/safetensors/header.ts'
import { readTensor } from '../../src/weights/safetensors/read.ts'

const numbers = (n: number) =>
  f32(
    [n],
    Float32Array.from({ length: n }, (_, i) => i + n / 10),
  )

async function written(tensors: readonly (readonly [string, Tensor])[], room?: number): Promise<Uint8Array> {
  const metadata = new Map([['format', 'é']])
  const sink = memorySink()
  const file = appendSafetensors(
    sink,
    room ??
      headerRoom(
        tensors.map(([name]) => name),
        metadata,
      ),
  )
  for (const [name, tensor] of tensors) await file.add(name, tensor)
  await file.finish(metadata)
  return sink.bytes()!
}

describe('a safetensors file that is appended to', () => {
  const tensors = [
    ['a', numbers(3)],
    ['b', u8([5], Uint8Array.of(1, 2, 3, 4, 5))],
    ['c', numbers(4)],
    ['d', i64([2], [7, -7])],
    ['e', numbers(1)],
    ['f', numbers(5)],
    ['g', u8([1, 2], Uint8Array.of(8, 9))],
    ['empty', numbers(0)],
  ] as const

  test('gives back what was put in, whatever the order', async () => {
    for (const order of [tensors, tensors.toReversed(), tensors.slice(0, 1), tensors.slice(2, 6)]) {
      const source = bytesSource('t', await written(order))
      const header = await readHeader(source)
      expect(header.metadata.get('format')).toBe('é')
      expect([...header.tensors.keys()].sort()).toEqual(order.map(([name]) => name).sort())
      for (const [name, tensor] of order) expect(await readTensor(source, header, name), name).toEqual(tensor)
    }
  })

  test('begins every tensor at a multiple of its element size', async () => {
    const { tensors: entries } = await readHeader(bytesSource('t', await written(tensors)))
    const sizes: Record<string, number> = { F32: 4, I64: 8, U8: 1 }
    for (const [name, { begin, dtype }] of entries) expect(begin % sizes[dtype], name).toBe(0)
  })

  test('refuses a name twice and a header that outgrows its room', async () => {
    const twice = [tensors[0], tensors[1], tensors[0]]
    await expect(written(twice)).rejects.toMatchObject({ code: 'E_SAFETENSORS_DECLARE' })
    await expect(written(tensors, 50)).rejects.toMatchObject({ code: 'E_SAFETENSORS_ROOM' })
  })
})
