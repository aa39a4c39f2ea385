// pack_*: byte for byte the TypeScript twins of src/weights/formats, from every float dtype, and what they report.
import { describe, expect, test } from 'vitest'
import { packPanel, panelBytes, unpackPanel } from '../../src/weights/formats/packed.ts'
import { Arena, buildNames, distinct, modules, relativeL2 } from './arena.ts'
import { sources } from './packed.ts'

const FORMATS = ['f32', 'bf16', 'q8', 'q4'] as const
const dtypes = ['f32', 'bf16', 'f16', 'f64'] as const
const ODD = [0, -0, 1e-45, -1e-40, 1e-30, 6e-5, 65504, -65504, 1.5, 1.5, -1.5, 2 ** -14, 2 ** -24]

for (const build of buildNames)
  describe.skipIf(modules[build] === null)(
    `${build} build${modules[build] ? '' : ' (this engine has no relaxed SIMD)'}`,
    () => {
      const pack = (format: string, bytes: Uint8Array, dtype: number, inner: number, rows: number) => {
        const arena = new Arena(build, 16)
        const [src, dst] = [
          arena.put(new Uint16Array(bytes.slice().buffer)),
          arena.room(panelBytes(format as 'f32', inner)),
        ]
        expect(arena.get(`panel_bytes_${format}`)(inner)).toBe(dst.bytes)
        const result = arena.call(`pack_${format}`, [dst, src, dtype, inner, rows], [dst])
        return { result, packed: new Uint8Array(arena.memory.buffer).slice(dst.at, dst.at + dst.bytes) }
      }

      for (const format of FORMATS)
        for (const [dtype, name] of dtypes.entries())
          test.each([1, 2, 3, 5, 31, 32, 33, 64, 129])(
            `pack_${format} of %i ${name} values equals its twin`,
            (inner) => {
              for (const rows of [1, 4, 5, 8]) {
                const wanted = distinct(rows * inner, rows).map((v, i) => (i % 3 === 0 ? v * 0.01 : v))
                wanted.set(ODD.slice(0, wanted.length))
                const { bytes, values } = sources[name](wanted)
                const { result, packed } = pack(format, bytes, dtype, inner, rows)
                expect(result).toBe(0)
                expect(packed).toEqual(packPanel(format, values, inner))
              }
            },
          )

      test.each(FORMATS)('pack_%s reports NaN and Infinity in any place', (format) => {
        for (const bad of [NaN, Infinity, -Infinity])
          for (const at of [0, 36, 37 * 3 - 1]) {
            const values = distinct(37 * 3)
            values[at] = bad
            for (const [dtype, name] of dtypes.entries())
              expect(pack(format, sources[name](values).bytes, dtype, 37, 3).result).toBe(1)
          }
      })

      test('a value that bf16 rounds to Infinity is reported', () => {
        const bytes = new Uint8Array(Float32Array.of(1, 3.4e38).buffer)
        expect(pack('bf16', bytes, 0, 2, 1).result).toBe(1)
        expect(pack('f32', bytes, 0, 2, 1).result).toBe(0)
      })
    },
  )

describe('packed formats', () => {
  test('f32 and bf16 weights come back bit for bit, padding as zeros', () => {
    const values = sources.bf16(distinct(5 * 40)).values
    const padded = new Float32Array(8 * 40)
    padded.set(values)
    for (const format of ['f32', 'bf16'] as const)
      expect(unpackPanel(format, packPanel(format, values, 40), 40)).toEqual(padded)
  })

  test('q8 keeps normal weights within 0.6 % of their size, q4 within 8.2 %', () => {
    const values = distinct(8 * 4096)
    const error = (format: 'q8' | 'q4') =>
      relativeL2(unpackPanel(format, packPanel(format, values, 4096), 4096), values)
    expect(error('q8')).toBeLessThan(0.006)
    expect(error('q4')).toBeLessThan(0.082)
  })

  test('q4 keeps a single outlier of either sign to the bits of its scale, and zeros are zero', () => {
    for (const outlier of [4, -4]) {
      const values = new Float32Array(64)
      values[7] = outlier
      const back = unpackPanel('q4', packPanel('q4', values, 64), 64)
      expect(Math.abs(back[7] / outlier - 1)).toBeLessThan(2 ** -8)
      expect(back.filter((v) => v !== 0).length).toBe(1)
    }
  })
})
