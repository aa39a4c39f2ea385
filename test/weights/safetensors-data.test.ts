import { describe, expect, test } from 'vitest'
import { type ByteSink, memorySink } from '../../src/weights/byte-sink.ts'
import { bytesSource } from '../../src/weights/byte-source.ts'
import { readHeader } from '../../src/weights/safetensors/header.ts'
import type { Declared } from '../../src/weights/safetensors/layout.ts'
import { readRows, readTensor } from '../../src/weights/safetensors/read.ts'
import { writeSafetensors } from '../../src/weights/safetensors/write.ts'
import { bytesOf, codeOf, fileWith, headerOf, type TestTensor } from './files.ts'

const tensor = (dtype: string, shape: readonly number[], data: ArrayBufferView): TestTensor => ({
  dtype,
  shape,
  data: bytesOf(data),
})

/** One tensor of every dtype, each at an odd offset behind a byte. */
const every = fileWith({
  pad: tensor('U8', [1], Uint8Array.of(7)),
  f32: tensor('F32', [2], Float32Array.of(1.5, -2)),
  f64: tensor('F64', [1, 1], Float64Array.of(0.1)),
  i64: tensor('I64', [2], BigInt64Array.of(-1n, 2n ** 62n)),
  i32: tensor('I32', [2], Int32Array.of(-1, 2147483647)),
  bool: tensor('BOOL', [3], Uint8Array.of(1, 0, 1)),
  bf16: tensor('BF16', [1], Uint16Array.of(0xc020)),
  f16: tensor('F16', [], Uint16Array.of(0x3c00)),
  i8: tensor('I8', [1], Int8Array.of(-1)),
  f8: tensor('F8_E4M3', [2], Uint8Array.of(1, 2)),
  c64: tensor('C64', [1], Float32Array.of(1, 2)),
  f4: tensor('F4', [4], Uint8Array.of(1, 2)),
  f6: tensor('F6_E3M2', [4], Uint8Array.of(1, 2, 3)),
})

describe('readTensor', () => {
  const source = bytesSource('every.safetensors', every)

  test('reads and widens exactly, wherever a tensor begins', async () => {
    const header = await readHeader(source)
    const read = (name: string) => readTensor(source, header, name)
    expect(await read('f32')).toEqual({ dtype: 'F32', shape: [2], data: Float32Array.of(1.5, -2) })
    expect(await read('f64')).toEqual({ dtype: 'F64', shape: [1, 1], data: Float64Array.of(0.1) })
    expect(await read('i64')).toEqual({ dtype: 'I64', shape: [2], data: BigInt64Array.of(-1n, 2n ** 62n) })
    expect(await read('i32')).toEqual({ dtype: 'I64', shape: [2], data: BigInt64Array.of(-1n, 2147483647n) })
    expect(await read('bool')).toEqual({ dtype: 'U8', shape: [3], data: Uint8Array.of(1, 0, 1) })
    expect(await read('bf16')).toEqual({ dtype: 'F32', shape: [1], data: Float32Array.of(-2.5) })
    expect(await read('f16')).toEqual({ dtype: 'F32', shape: [], data: Float32Array.of(1) })
    expect(await read('pad')).toEqual({ dtype: 'U8', shape: [1], data: Uint8Array.of(7) })
  })

  test('refuses dtypes that have no exact place here, and unknown names', async () => {
    const header = await readHeader(source)
    for (const name of ['i8', 'f8', 'c64', 'f4', 'f6']) {
      expect(await codeOf(() => readTensor(source, header, name))).toBe('E_SAFETENSORS_READ_DTYPE')
    }
    for (const name of ['F32', '', 'constructor']) {
      expect(await codeOf(() => readTensor(source, header, name))).toBe('E_SAFETENSORS_NO_TENSOR')
    }
  })

  test('reads ranges of rows as they stand in the file', async () => {
    const file = fileWith({
      a: tensor('U8', [1], Uint8Array.of(0)),
      m: tensor('BF16', [3, 2], Uint16Array.of(1, 2, 3, 4, 5, 6)),
      e: tensor('F32', [0, 4], new Uint8Array(0)),
    })
    const from = bytesSource('m', file)
    const header = await readHeader(from)
    const rows = async (name: string, a?: number, b?: number) => [...(await readRows(from, header, name, a, b))]
    expect(await rows('m')).toEqual([1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0])
    expect(await rows('m', 1, 2)).toEqual([3, 0, 4, 0])
    expect(await rows('m', 2)).toEqual([5, 0, 6, 0])
    expect(await rows('m', 3, 3)).toEqual([])
    expect(await rows('e')).toEqual([])
    for (const [a, b] of [
      [-1, 1],
      [0, 4],
      [2, 1],
      [0.5, 1],
      [Number.NaN, 1],
      [0, Number.POSITIVE_INFINITY],
    ] as const) {
      expect(await codeOf(() => rows('m', a, b))).toBe('E_SAFETENSORS_ROWS')
    }
  })

  test('does nothing for a signal that was aborted before', async () => {
    const header = await readHeader(source)
    await expect(readTensor(source, header, 'f32', AbortSignal.abort('stop'))).rejects.toBe('stop')
  })
})

describe('writeSafetensors', () => {
  const declared = new Map<string, Declared>([
    ['mask', { dtype: 'U8', shape: [3] }],
    ['b', { dtype: 'F32', shape: [2, 2] }],
    ['ids', { dtype: 'I64', shape: [1] }],
    ['a', { dtype: 'F32', shape: [1] }],
    ['none', { dtype: 'F32', shape: [0, 5] }],
  ])

  test('writes tensors in the order they are made, in parts, to aligned places', async () => {
    const sink = memorySink()
    await writeSafetensors(
      sink,
      {
        tensors: declared,
        metadata: new Map([
          ['z', '1'],
          ['a', 'é\n"'],
        ]),
      },
      async (write) => {
        await write('mask', Uint8Array.of(1, 2, 3))
        await write('b', Float32Array.of(1, 2))
        await write('ids', BigInt64Array.of(5n))
        await write('b', Float32Array.of(3, 4))
        await write('a', Float32Array.of(9))
      },
    )
    const file = sink.bytes()!
    const header = await headerOf(file)
    expect([...header.tensors.keys()]).toEqual(['ids', 'a', 'b', 'none', 'mask'])
    expect([...header.metadata]).toEqual([
      ['a', 'é\n"'],
      ['z', '1'],
    ])
    for (const { dtype, begin } of header.tensors.values())
      expect(begin % { F32: 4, I64: 8, U8: 1 }[dtype as 'F32']).toBe(0)
    expect((await readTensor(bytesSource('x', file), header, 'b')).data).toEqual(Float32Array.of(1, 2, 3, 4))
    expect((await readTensor(bytesSource('x', file), header, 'mask')).data).toEqual(Uint8Array.of(1, 2, 3))
  })

  const faults: readonly (readonly [
    string,
    string,
    ReadonlyMap<string, Declared>,
    readonly (readonly [string, ArrayBufferView])[],
  ])[] = [
    ['an undeclared tensor', 'E_SAFETENSORS_UNDECLARED', declared, [['c', Float32Array.of(1)]]],
    ['more data than declared', 'E_SAFETENSORS_TOO_LONG', declared, [['a', Float32Array.of(1, 2)]]],
    [
      'the same tensor twice',
      'E_SAFETENSORS_TOO_LONG',
      declared,
      [
        ['a', Float32Array.of(1)],
        ['a', Float32Array.of(1)],
      ],
    ],
    ['a tensor left out', 'E_SAFETENSORS_INCOMPLETE', declared, [['a', Float32Array.of(1)]]],
    [
      'a tensor left unfinished',
      'E_SAFETENSORS_INCOMPLETE',
      new Map([['a', { dtype: 'F32', shape: [2] }]]),
      [['a', Float32Array.of(1)]],
    ],
    ['an empty name', 'E_SAFETENSORS_DECLARE', new Map([['', { dtype: 'F32', shape: [2] }]]), []],
    [
      'a name that readers refuse',
      'E_SAFETENSORS_DECLARE',
      new Map([['__metadata__', { dtype: 'F32', shape: [2] }]]),
      [],
    ],
    ['a fractional size', 'E_SAFETENSORS_DECLARE', new Map([['a', { dtype: 'F32', shape: [1.5] }]]), []],
    ['a negative size', 'E_SAFETENSORS_DECLARE', new Map([['a', { dtype: 'F32', shape: [-1] }]]), []],
    ['an overflow', 'E_SAFETENSORS_DECLARE', new Map([['a', { dtype: 'F32', shape: [2 ** 52, 2] }]]), []],
    ['nine axes', 'E_SAFETENSORS_DECLARE', new Map([['a', { dtype: 'U8', shape: Array(9).fill(1) }]]), []],
  ]
  for (const [what, code, tensors, writes] of faults) {
    test(`refuses ${what} and removes what was written`, async () => {
      const { sink, events } = watched()
      expect(
        await codeOf(() =>
          writeSafetensors(sink, { tensors }, async (write) => {
            for (const [name, data] of writes) await write(name, data)
          }),
        ),
      ).toBe(code)
      expect(events.at(-1)).toBe('abort')
      expect(events).not.toContain('close')
    })
  }

  test('aborts the sink when the producer throws, and throws the same', async () => {
    const { sink, events } = watched()
    const own = new RangeError('mine')
    await expect(writeSafetensors(sink, { tensors: declared }, () => Promise.reject(own))).rejects.toBe(own)
    expect(events.at(-1)).toBe('abort')
  })

  test('stops at an aborted signal, before and between tensors', async () => {
    const { sink, events } = watched()
    await expect(
      writeSafetensors(sink, { tensors: declared, signal: AbortSignal.abort('before') }, async () => {}),
    ).rejects.toBe('before')
    const controller = new AbortController()
    await expect(
      writeSafetensors(sink, { tensors: declared, signal: controller.signal }, async (write) => {
        await write('a', Float32Array.of(1))
        controller.abort('between')
        await write('b', Float32Array.of(1, 2, 3, 4))
      }),
    ).rejects.toBe('between')
    expect(events).not.toContain('close')
  })

  test('gives the same bytes for the same content, whatever the order', async () => {
    const write = async (names: readonly string[]): Promise<Uint8Array> => {
      const sink = memorySink()
      const tensors = new Map(names.map((n) => [n, { dtype: 'F32', shape: [1] } as const]))
      await writeSafetensors(sink, { tensors }, async (put) => {
        for (const n of names) await put(n, Float32Array.of(n.charCodeAt(0)))
      })
      return sink.bytes()!
    }
    expect(await write(['x', 'y', 'b'])).toEqual(await write(['b', 'x', 'y']))
  })
})

/** A sink that remembers what was called. */
function watched(): { sink: ByteSink; events: string[] } {
  const events: string[] = []
  const note = (what: string) => async (): Promise<void> => {
    events.push(what)
  }
  return { sink: { name: 'watched', write: note('write'), close: note('close'), abort: note('abort') }, events }
}
