// check_packed: the sums of its twin in any length, and NaN or Infinity found wherever a format has numbers.
import { describe, expect, test } from 'vitest'
import { f32ToBf16Bits } from '../../src/weights/formats/bf16.ts'
import { PackedSum, sumOf } from '../../src/weights/formats/sum.ts'
import { Arena, buildNames, modules } from './arena.ts'

const formats = ['f32', 'bf16', 'q8', 'q4'] as const
/** Bytes of a value, or of a group with its scales. */
const units = [4, 2, 272, 144]

/** Bytes that look like no pattern, and like no NaN: exponents stay small. */
const bytesOf = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => ((i * 167 + (i >> 3) * 59) % 251) & 0x3f)

for (const build of buildNames)
  describe.skipIf(modules[build] === null)(
    `${build} build${modules[build] ? '' : ' (this engine has no relaxed SIMD)'}`,
    () => {
      const check = (bytes: Uint8Array, format: number): { bad: number; words: number[] } => {
        const arena = new Arena(build, 16)
        const at = arena.put(new Uint16Array(bytes.slice().buffer))
        const out = arena.room(32)
        const bad = arena.call('check_packed', [out, at, bytes.length, format], [out])
        return { bad, words: [...new Uint32Array(arena.memory.buffer.slice(out.at, out.at + 32))] }
      }

      for (const [format, name] of formats.entries())
        test.each([1, 2, 3, 4, 5, 8, 33])(`%i units of ${name} have the sum of the twin`, (count) => {
          const bytes = bytesOf(count * units[format])
          expect(check(bytes, format)).toEqual({ bad: 0, words: [...sumOf(bytes)] })
        })

      test.each([...formats.entries()])('NaN and Infinity are found in any place (%i, %s)', (format, name) => {
        const count = name === 'f32' || name === 'bf16' ? 37 : 3
        for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
          for (let n = 0; n < count * (count === 3 ? 8 : 1); n++) {
            const bytes = bytesOf(count * units[format])
            const view = new DataView(bytes.buffer)
            if (name === 'f32') view.setFloat32(n * 4, bad, true)
            else if (name === 'bf16') view.setUint16(n * 2, f32ToBf16Bits(bad), true)
            else view.setUint16((n >> 3) * units[format] + units[format] - 16 + (n & 7) * 2, f32ToBf16Bits(bad), true)
            expect(check(bytes, format).bad, `${bad} at ${n}`).toBe(1)
          }
      })

      test('whole numbers of q8 and q4 may look like anything', () => {
        const bytes = new Uint8Array(272).fill(0xff, 0, 256)
        expect(check(bytes, 2).bad).toBe(0)
        expect(check(new Uint8Array(144).fill(0xff, 0, 128), 3).bad).toBe(0)
      })
    },
  )

describe('the sum', () => {
  const bytes = bytesOf(1000)
  const of = (...pieces: Uint8Array[]): string => {
    const sum = new PackedSum()
    for (const piece of pieces) sum.add(piece)
    return sum.hex()
  }

  test('of pieces is the sum of the whole, wherever it is cut', () => {
    for (const cut of [16, 160, 992]) expect(of(bytes.subarray(0, cut), bytes.subarray(cut))).toBe(of(bytes))
    expect(of(bytes.subarray(0, 32), bytes.subarray(32, 64), bytes.subarray(64))).toBe(of(bytes))
  })

  test('changes with any bit and with any exchange of two vectors', () => {
    for (let bit = 0; bit < 8000; bit += 7) {
      const other = bytes.slice()
      other[bit >> 3] ^= 1 << (bit & 7)
      expect(of(other)).not.toBe(of(bytes))
    }
    const swapped = bytes.slice()
    swapped.set(bytes.subarray(16, 32), 0)
    swapped.set(bytes.subarray(0, 16), 16)
    expect(of(swapped)).not.toBe(of(bytes))
  })
})
