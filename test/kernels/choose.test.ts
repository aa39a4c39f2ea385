// top_k over the scores of a vocabulary; with a count of 1 it is argmax.
import { describe, expect, test } from 'vitest'
import { Arena, buildNames, distinct, modules } from './arena.ts'
import { type First, topK } from './twins/choose.ts'

for (const build of buildNames)
  describe.skipIf(modules[build] === null)(
    `${build} build${modules[build] ? '' : ' (this engine has no relaxed SIMD)'}`,
    () => {
      const first = (x: Float32Array, below: number, count: number): First => {
        const arena = new Arena(build)
        const [X, out] = [arena.put(x), arena.room(8 * count)]
        arena.call('top_k', [out, X, x.length, below, count], [out])
        const values = arena.f32(out)
        return { scores: [...values.slice(0, count)], ids: [...values.slice(count, 2 * count)] }
      }

      test.each([1, 2, 3, 4, 5, 63, 64, 65, 1021, 33030])('top_k of %i scores equals its twin', (n) => {
        const x = distinct(n).map((score) => Math.round(score * 50)) // many are equal
        for (const below of [n, Math.ceil(n / 2)])
          for (const count of [1, 2, 50, 128].filter((size) => size <= below))
            expect(first(x, below, count)).toEqual(topK(x, below, count))
      })

      test('the lowest of equal ids wins, wherever it stands, and -0 equals 0', () => {
        for (let at = 0; at < 9; at++) {
          const x = new Float32Array(9).fill(-1)
          x.fill(2, at)
          expect(first(x, 9, 1).ids).toEqual([at])
        }
        expect(first(Float32Array.of(-1, -0, 0, -0), 4, 4)).toEqual({ ids: [1, 2, 3, 0], scores: [-0, 0, -0, -1] })
      })

      test('what is not finite comes first, by rising id, also from above `below`', () => {
        for (const bad of [Number.NaN, Infinity, -Infinity])
          for (let at = 0; at < 9; at++) {
            const x = distinct(9)
            x[at] = bad
            expect(first(x, 5, 3)).toEqual(topK(x, 5, 3))
            expect(first(x, 5, 1)).toEqual({ ids: [at], scores: [bad] })
          }
        const all = Float32Array.of(1, Number.NaN, Infinity, -Infinity)
        expect(first(all, 4, 4).ids).toEqual([1, 2, 3, 0])
      })

      test('the smallest and largest numbers are in their order', () => {
        const x = Float32Array.of(-3.4e38, 1e-45, 3.4e38, -1e-45, 0)
        expect(first(x, 5, 5).ids).toEqual([2, 1, 4, 3, 0])
      })
    },
  )
