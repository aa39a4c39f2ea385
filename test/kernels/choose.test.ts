// argmax and top_k over the scores of a vocabulary.
import { describe, expect, test } from 'vitest'
import { Arena, buildNames, distinct, modules } from './arena.ts'
import { argmax, topK } from './twins/choose.ts'

for (const build of buildNames)
  describe.skipIf(modules[build] === null)(
    `${build} build${modules[build] ? '' : ' (this engine has no relaxed SIMD)'}`,
    () => {
      const largest = (x: Float32Array): number => {
        const arena = new Arena(build)
        return arena.call('argmax', [arena.put(x), x.length], [])
      }
      const best = (x: Float32Array, k: number): { found: number; ids: number[]; values: number[] } => {
        const arena = new Arena(build)
        const [X, I, V] = [arena.put(x), arena.room(4 * k), arena.room(4 * k)]
        const found = arena.call('top_k', [I, V, X, x.length, k], [I, V])
        const count = Math.max(0, found)
        return { found, ids: [...arena.i32(I)].slice(0, count), values: [...arena.f32(V)].slice(0, count) }
      }

      test.each([1, 2, 3, 4, 5, 63, 1021, 33030])('argmax and top_k of %i scores equal their twins', (n) => {
        const x = distinct(n).map((score) => Math.round(score * 50)) // many are equal
        expect(largest(x)).toBe(argmax(x))
        for (const k of [1, 2, 50].filter((size) => size <= n)) {
          const { found, ids, values } = best(x, k)
          expect(found).toBe(k)
          expect(ids).toEqual(topK(x, k))
          expect(values).toEqual(ids.map((id) => x[id]))
        }
      })

      test('the lowest of equal ids wins, wherever it stands', () => {
        for (let at = 0; at < 9; at++) {
          const x = new Float32Array(9).fill(-1)
          x.fill(2, at)
          expect(largest(x)).toBe(at)
          expect(best(x, 1).ids).toEqual([at])
        }
      })

      test('a NaN or +Infinity anywhere is an answer of -1', () => {
        for (const bad of [NaN, Infinity])
          for (let at = 0; at < 9; at++) {
            const x = distinct(9)
            x[at] = bad
            expect(largest(x)).toBe(-1)
            expect(best(x, 3).found).toBe(-1)
          }
      })

      test('-Infinity is a removed id: never chosen, and -1 or 0 when all are', () => {
        const none = new Float32Array(6).fill(-Infinity)
        expect(largest(none)).toBe(-1)
        expect(best(none, 2).found).toBe(0)
        none[4] = -3e38
        expect(largest(none)).toBe(4)
        expect(best(none, 2)).toEqual({ found: 1, ids: [4], values: [Math.fround(-3e38)] })
      })
    },
  )
