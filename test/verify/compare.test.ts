import { describe, expect, test } from 'vitest'
import { f32, i64, type Tensor, u8 } from '../../src/tensor.ts'
import { compare } from '../../src/verify/compare.ts'
import { exact, freeRunning, objection, ropeTable, teacherForced } from '../../src/verify/limits.ts'

const floats = (shape: number[], values: number[]) => f32(shape, Float32Array.from(values))
const doubles = (shape: number[], values: number[]): Tensor => ({
  dtype: 'F64',
  shape,
  data: Float64Array.from(values),
})

describe('compare', () => {
  test('equal tensors differ nowhere', () => {
    const a = floats([2, 2], [1, -2, 3, 0])
    expect(compare(a, a)).toMatchObject({
      maxAbs: 0,
      relL2: 0,
      differing: 0,
      worst: { index: [0, 0], got: 1, want: 1 },
    })
    expect(compare(a, a).cosine).toBeCloseTo(1, 15)
  })

  test('figures are those of the definition', () => {
    const found = compare(floats([2, 2], [3, 4, 0, 1]), floats([2, 2], [3, 2, 0, 2]))
    expect(found.maxAbs).toBe(2)
    expect(found.relL2).toBeCloseTo(Math.sqrt(5 / 17), 12)
    expect(found.cosine).toBeCloseTo((9 + 8 + 2) / Math.sqrt(26 * 17), 12)
    expect(found.worst).toEqual({ index: [0, 1], got: 4, want: 2 })
    expect(found.differing).toBe(2)
    expect(found.row).toEqual({ relL2: Math.sqrt(4 / 13), index: [0] })
  })

  test('the largest error of one row is found among good rows', () => {
    const want = floats([3, 1, 2], [100, 100, 1, 1, 100, 100])
    const got = floats([3, 1, 2], [100, 100, 1, 2, 100, 100])
    expect(compare(got, want).row).toEqual({ relL2: Math.SQRT1_2, index: [1, 0] })
  })

  test('a golden row of zeros is met by zeros alone', () => {
    expect(compare(floats([2, 1], [0, 1]), floats([2, 1], [0, 1])).row.relL2).toBe(0)
    expect(compare(floats([2, 1], [1e-9, 1]), floats([2, 1], [0, 1])).row.relL2).toBe(Number.POSITIVE_INFINITY)
  })

  test('plus zero and minus zero are different values', () => {
    const found = compare(floats([2], [1, -0]), floats([2], [1, 0]))
    expect(found).toMatchObject({ differing: 1, maxAbs: 0, worst: { index: [1] } })
    expect(objection(found, exact)).not.toBeNull()
  })

  test('f64 goldens are compared as they are', () => {
    const found = compare(floats([1], [1]), doubles([1], [1 + 2 ** -40]))
    expect(found.maxAbs).toBe(2 ** -40)
  })

  test('integers beyond 2^53 are told apart', () => {
    const wide = (value: bigint): Tensor => ({ dtype: 'I64', shape: [1], data: BigInt64Array.of(value) })
    expect(compare(wide(2n ** 53n), wide(2n ** 53n + 1n)).differing).toBe(1)
  })

  test.each([
    ['dtypes', floats([1], [1]), i64([1], [1])],
    ['our F32 for a golden U8', floats([1], [1]), u8([1], Uint8Array.of(1))],
    ['shapes', floats([2, 1], [1, 2]), floats([1, 2], [1, 2])],
    ['numbers of axes', floats([2], [1, 2]), floats([1, 2], [1, 2])],
    ['empty tensors', floats([0, 4], []), floats([0, 4], [])],
  ])('%s that do not fit are a fault', (_, got, want) => {
    const found = compare(got, want)
    expect(found.fault).not.toBeNull()
    for (const limit of [exact, ropeTable, teacherForced(0, 1)]) expect(objection(found, limit)).toBe(found.fault)
  })
})

describe('a limit', () => {
  const limits = [exact, ropeTable, teacherForced(0, 1), freeRunning(1, 'f32', 2)]

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('never lets %s pass', (bad) => {
    for (const limit of limits)
      for (const [got, want] of [
        [floats([4], [1, bad, 1, 1]), floats([4], [1, 1, 1, 1])],
        [floats([4], [1, 1, 1, 1]), floats([4], [1, bad, 1, 1])],
        [floats([4], [1, bad, 1, 1]), floats([4], [1, bad, 1, 1])],
      ] as const) {
        const found = compare(got, want)
        expect(objection(found, limit)).not.toBeNull()
        expect(found.worst?.index).toEqual([1])
      }
  })

  test('lets pass what is within it and nothing else', () => {
    const at = (error: number) => compare(floats([1], [1 + error]), doubles([1], [1]))
    expect(objection(at(2 ** -20), teacherForced(0, 1))).toBeNull()
    expect(objection(at(2 ** -19), teacherForced(0, 1))).toContain('relative L2 1.9e-6 (limit 1.2e-6)')
    expect(objection(at(2 ** -19), teacherForced(0, 2))).toBeNull()
    expect(objection(at(2 ** -20), ropeTable)).toBeNull()
    expect(objection(at(2 ** -19), ropeTable)).toContain('max abs')
  })

  test('of a long sum grows with the square root of its length', () => {
    expect(teacherForced(4096, 1)).toMatchObject({ value: 1.2e-6 })
    expect(teacherForced(4 * 4096, 1)).toMatchObject({ value: 2.4e-6 })
    expect(teacherForced(640, 1)).toMatchObject({ value: 1.2e-6 })
  })

  test('sees one wrong element in a large tensor', () => {
    const want = floats([1000, 100], new Array(100_000).fill(1))
    const got = floats([1000, 100], new Array(100_000).fill(1))
    got.data[54_321] = 1 + 1e-4
    const found = compare(got, want)
    expect(found.relL2).toBeLessThan(1.2e-6)
    expect(objection(found, teacherForced(0, 1))).toContain('row [543]')
  })

  test('against an f32 dump allows for the error of the dump', () => {
    expect(freeRunning(1e-6, 'f64', 1)).toMatchObject({ value: 1e-6 })
    expect(freeRunning(1e-6, 'f32', 1)).toMatchObject({ value: 2e-6 })
    expect(freeRunning(1e-6, 'f64', 2)).toMatchObject({ value: 2e-6 })
  })
})
