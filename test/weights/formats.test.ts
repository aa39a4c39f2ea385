import { describe, expect, test } from 'vitest'
import { bf16ToF32, f32ToBf16Bits, roundAllToBf16, roundToBf16 } from '../../src/weights/formats/bf16.ts'
import { bytesOf as elementBytes, isFloatDtype, toF32, viewAs } from '../../src/weights/formats/convert.ts'
import { f16ToF32 } from '../../src/weights/formats/f16.ts'
import { bytesOf, codeOf } from './files.ts'

const all = Uint16Array.from({ length: 65536 }, (_, i) => i)

/** A 16-bit float by its definition. */
function defined(bits: number, exponentBits: number): number {
  const fractionBits = 15 - exponentBits
  const bias = 2 ** (exponentBits - 1) - 1
  const sign = bits >>> 15 ? -1 : 1
  const exponent = (bits >>> fractionBits) & (2 ** exponentBits - 1)
  const fraction = (bits & (2 ** fractionBits - 1)) / 2 ** fractionBits
  if (exponent === 2 ** exponentBits - 1) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return exponent === 0 ? sign * fraction * 2 ** (1 - bias) : sign * (1 + fraction) * 2 ** (exponent - bias)
}

const random = (() => {
  let state = 0x2545f491
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
})()

describe('bf16', () => {
  test('widens all 65,536 values exactly', () => {
    const wide = bf16ToF32(all)
    expect(all.every((bits) => Object.is(wide[bits], defined(bits, 8)))).toBe(true)
  })

  test('gives back the bits of every value that is not NaN', () => {
    const wide = bf16ToF32(all)
    expect(all.every((bits) => Number.isNaN(wide[bits]) || f32ToBf16Bits(wide[bits]) === bits)).toBe(true)
  })

  test('rounds to the nearest of its two neighbours, to the even one from the middle', () => {
    for (let low = 0; low < 0x7f80; low++) {
      const [a, b] = [defined(low, 8), low === 0x7f7f ? 2 ** 128 : defined(low + 1, 8)]
      const middle = (a + b) / 2
      const even = low % 2 === 0 ? low : low + 1
      const nudge = (b - a) / 2 ** 16
      for (const sign of [1, -1]) {
        const bits = (value: number): number => f32ToBf16Bits(sign * value) & 0x7fff
        if (bits(middle) !== even || bits(middle - nudge) !== low || bits(middle + nudge) !== low + 1) {
          expect.fail(`between ${a} and ${b}, sign ${sign}`)
        }
      }
    }
  })

  test('keeps every NaN a NaN', () => {
    const words = Uint32Array.from({ length: 4096 }, () => 0x7f800001 + (random() % 0x7fffff))
    const nans = new Float32Array(words.buffer)
    const rounded = roundAllToBf16(nans.slice())
    expect(rounded.every((x) => Number.isNaN(x)) && nans.every((x) => Number.isNaN(roundToBf16(x)))).toBe(true)
    expect(f32ToBf16Bits(Number.NaN)).toBe(0x7fc0)
  })

  test('rounds an array as it rounds one value', () => {
    const data = new Float32Array(Uint32Array.from({ length: 20_000 }, random).buffer)
    const one = Float32Array.from(data, roundToBf16)
    expect(roundAllToBf16(data.slice())).toEqual(one)
  })

  test('goes to infinity from half a step above the largest value, not below', () => {
    const largest = defined(0x7f7f, 8)
    expect(roundToBf16(largest + 2 ** 118)).toBe(largest)
    expect(roundToBf16(largest + 2 ** 119)).toBe(Number.POSITIVE_INFINITY)
    expect(roundToBf16(-3.4e38)).toBe(Number.NEGATIVE_INFINITY)
  })
})

describe('f16', () => {
  test('widens all 65,536 values exactly', () => {
    const wide = f16ToF32(all)
    expect(all.every((bits) => Object.is(wide[bits], defined(bits, 5)))).toBe(true)
  })
})

describe('toF32', () => {
  test('takes all four dtypes, at any alignment', () => {
    const values = [1, -2.5, 0, 65504, 2 ** -24]
    const cases = {
      F64: bytesOf(Float64Array.from(values)),
      F32: bytesOf(Float32Array.from(values)),
      F16: bytesOf(Uint16Array.of(0x3c00, 0xc100, 0, 0x7bff, 1)),
    } as const
    for (const dtype of ['F64', 'F32', 'F16'] as const) {
      for (const shift of [0, 1, 2, 3]) {
        const moved = new Uint8Array(cases[dtype].length + shift)
        moved.set(cases[dtype], shift)
        expect([...toF32(moved.subarray(shift), dtype)], `${dtype} + ${shift}`).toEqual(values)
      }
    }
    expect([...toF32(Uint8Array.of(0x80, 0x3f, 0x20, 0xc0), 'BF16')]).toEqual([1, -2.5])
  })

  test('rounds F64 to nearest', () => {
    expect([...toF32(bytesOf(Float64Array.of(0.1, 1e300, 1 + 2 ** -24)), 'F64')]).toEqual([
      Math.fround(0.1),
      Number.POSITIVE_INFINITY,
      1,
    ])
  })

  test('refuses bytes that are no whole elements', async () => {
    for (const [n, dtype] of [
      [3, 'F32'],
      [1, 'BF16'],
      [7, 'F64'],
      [5, 'F16'],
    ] as const) {
      expect(await codeOf(() => toF32(new Uint8Array(n), dtype))).toBe('E_FORMAT_LENGTH')
    }
  })

  test('knows the float dtypes and their sizes', () => {
    expect((['F64', 'F32', 'F16', 'BF16'] as const).map(elementBytes)).toEqual([8, 4, 2, 2])
    expect(['F32', 'I8', 'toString', '__proto__', 'f32'].map(isFloatDtype)).toEqual([true, false, false, false, false])
  })

  test('views aligned bytes without a copy', () => {
    const bytes = new Uint8Array(16)
    expect(viewAs(Float32Array, bytes.subarray(4)).buffer).toBe(bytes.buffer)
    expect(viewAs(Float32Array, bytes.subarray(1, 5)).buffer).not.toBe(bytes.buffer)
  })
})
