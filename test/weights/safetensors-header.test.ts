import { afterAll, describe, expect, test } from 'vitest'
import { bytesSource } from '../../src/weights/byte-source.ts'
import { readHeader } from '../../src/weights/safetensors/header.ts'
import { countFaults } from '../support/amounts.ts'
import { codeOf, fileOf, headerOf } from './files.ts'
import { hostile, many, shaped, u8 } from './hostile.ts'

afterAll(() => countFaults('safetensors', hostile))

describe('readHeader', () => {
  test('every condition has at least three files, but for the empty file, of which there is one', () => {
    for (const [what, , files] of hostile)
      expect(files.length, what).toBeGreaterThanOrEqual(what === 'an empty file' ? 1 : 3)
  })

  for (const [what, code, files] of hostile) {
    for (const [i, file] of files.entries()) {
      test(`refuses ${what} (${i})`, async () => expect(await codeOf(() => headerOf(file))).toBe(code))
    }
  }

  test('accepts a header without tensors', async () => {
    expect(await headerOf(fileOf('{}'))).toEqual({ tensors: new Map(), metadata: new Map() })
    expect((await headerOf(fileOf('{}      '))).tensors.size).toBe(0)
  })

  test('gives tensors in the order of the data, with their places in the file', async () => {
    const json = `{"b":{"dtype":"BF16","shape":[2,1],"data_offsets":[3,7]},"__metadata__":{"k":"v"},${u8('a', 0, 3)},${u8('z', 7, 7)}}`
    const header = await headerOf(fileOf(json, 7))
    const begin = 8 + json.length
    expect([...header.tensors]).toEqual([
      ['a', { dtype: 'U8', shape: [3], begin, end: begin + 3 }],
      ['b', { dtype: 'BF16', shape: [2, 1], begin: begin + 3, end: begin + 7 }],
      ['z', { dtype: 'U8', shape: [0], begin: begin + 7, end: begin + 7 }],
    ])
    expect([...header.metadata]).toEqual([['k', 'v']])
  })

  test('accepts a tensor at an odd offset, a scalar, empty tensors side by side, a name of 1,024 bytes, rank 8', async () => {
    const name = 'é'.repeat(512)
    const json = `{"o":{"dtype":"F32","shape":[],"data_offsets":[1,5]},${u8('a', 0, 1)},${u8('e', 1, 1)},${u8('f', 5, 5)},
      "r":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1],"data_offsets":[5,6]},"${name}":{"dtype":"F64","shape":[0,9007199254740991],"data_offsets":[6,6]}}`
    expect((await headerOf(fileOf(json, 6))).tensors.size).toBe(6)
  })

  test('accepts exactly 100,000 tensors', async () => {
    expect((await headerOf(fileOf(many(100_000)))).tensors.size).toBe(100_000)
  }, 60_000)

  test('takes a higher cap, never above 100 MB', async () => {
    const file = fileOf(`{${' '.repeat(100)}}`)
    const read = (maxHeaderBytes: number): Promise<string> =>
      codeOf(() => readHeader(bytesSource('x', file), { maxHeaderBytes }))
    expect(await read(101)).toBe('E_SAFETENSORS_HEADER_LARGE')
    expect(await read(102)).toBe('accepted')
    expect(
      await codeOf(() => readHeader(bytesSource('x', fileOf('{}', 0, 100_000_001n)), { maxHeaderBytes: 1e12 })),
    ).toBe('E_SAFETENSORS_HEADER_LARGE')
  })

  test('does not mistake a header of 19,280 bytes, whose length spells PK, for a zip archive', async () => {
    expect((await headerOf(fileOf(`{}${' '.repeat(19_278)}`))).tensors.size).toBe(0)
  })

  test('names file, tensor, expectation and finding in the error', async () => {
    await expect(headerOf(shaped('[3]'))).rejects.toMatchObject({
      file: 'x.safetensors',
      place: 'tensor "w", data_offsets',
      expected: '12 bytes for F32 (3)',
      found: '4',
    })
  })
})
