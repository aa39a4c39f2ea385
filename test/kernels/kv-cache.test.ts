// rope_to_cache, store_k, store_v: every row of a pass stands in its page, and nothing else is touched.
import { describe, expect, test, vi } from 'vitest'
import { Arena, buildNames, distinct, expectSameBits, modules } from './arena.ts'
import { emptyPages, fillPages, placeOf, throughF16 } from './pages.ts'
import { narrow } from './twins/f16.ts'
import { rope } from './twins/rope.ts'

vi.setConfig({ testTimeout: 30_000 })

/** (S, G, E) from (G, S, E). */
const tokensFirst = (x: Float32Array, S: number, G: number, E: number): Float32Array =>
  x.map((_, i) => x[((Math.floor(i / E) % G) * S + Math.floor(i / (G * E))) * E + (i % E)])

for (const build of buildNames)
  describe.skipIf(modules[build] === null)(
    `${build} build${modules[build] ? '' : ' (this engine has no relaxed SIMD)'}`,
    () => {
      for (const half of [false, true])
        for (const [S, start, G, E] of [
          [1, 0, 1, 4],
          [5, 126, 3, 6],
          [130, 127, 2, 8],
          [3, 255, 2, 64],
          [2, 127, 2, 128],
        ])
          test(`${S} tokens behind ${start}, ${G} groups of ${E}, ${half ? 'f16' : 'f32'}`, () => {
            const arena = new Arena(build)
            const suffix = half ? '_f16' : ''
            const [x, v] = [distinct(S * G * E), distinct(S * G * E, 2)]
            const [cos, sin] = [distinct(S * E, 3), distinct(S * E, 4)]
            const k = rope(x, cos, sin, S, G)
            const [X, V, C, N, K] = [x, v, cos, sin, k].map((array) => arena.put(array))
            const fused = emptyPages(arena, start + S, G, E, half)
            const stored = emptyPages(arena, start + S, G, E, half)
            const scratch = arena.room(4 * E)
            const cut = S >> 1
            for (const [from, to] of [
              [0, cut],
              [cut, S],
            ]) {
              arena.call(
                `rope_to_cache${suffix}`,
                [fused.table, X, C, N, start, G, E, from, to, scratch],
                [...fused.pages, scratch],
              )
              arena.call(`store_v${suffix}`, [fused.table, V, start, G, E, from, to], fused.pages)
              arena.call(`store_k${suffix}`, [stored.table, K, S, start, G, E, from, to], stored.pages)
              arena.call(`store_v${suffix}`, [stored.table, V, start, G, E, from, to], stored.pages)
            }
            const empty = new Float32Array(start * G * E)
            const want = fillPages(
              arena,
              Float32Array.of(...empty, ...tokensFirst(k, S, G, E)),
              Float32Array.of(...empty, ...v),
              G,
              E,
              half,
              start,
            )
            for (const [i, page] of want.pages.entries()) {
              const expected = arena.u16(page)
              expect(arena.u16(fused.pages[i])).toEqual(expected)
              expect(arena.u16(stored.pages[i])).toEqual(expected)
            }
          })

      test('f16 pages round to nearest even, to Infinity beyond 65,504, and keep NaN', () => {
        const v = Float32Array.of(
          1 + 2 ** -11,
          1 + 3 * 2 ** -11,
          65519.99,
          65520,
          -70000,
          NaN,
          2 ** -24,
          2 ** -25,
          3 * 2 ** -26,
          -1e-9,
          0,
          -0,
        )
        const arena = new Arena(build)
        const [V, pages] = [arena.put(v), emptyPages(arena, 1, 1, 12, true)]
        arena.call('store_v_f16', [pages.table, V, 0, 1, 12, 0, 1], pages.pages)
        const page = arena.u16(pages.pages[0])
        const got = Array.from(v, (_, e) => page[placeOf(1, 0, 0, e, 1, 12, true)])
        expect(got).toEqual([0x3c00, 0x3c02, 0x7bff, 0x7c00, 0xfc00, 0x7e00, 1, 0, 1, 0x8000, 0, 0x8000])
      })

      test('f16 pages mark the tokens with NaN or Infinity in any head, of K and of V alone, and no others', () => {
        const [S, G, E] = [9, 2, 8]
        const arena = new Arena(build)
        const clean = distinct(S * G * E)
        const dirty = (token: number, value: number) => clean.map((x, i) => (i === token * G * E + E + 3 ? value : x))
        const [k, v] = [dirty(2, 70000), dirty(5, NaN)]
        const pages = emptyPages(arena, S, G, E, true)
        const keys = Float32Array.from({ length: S * G * E }, (_, i) => {
          const [g, s, e] = [Math.floor(i / (S * E)), Math.floor(i / E) % S, i % E]
          return k[(s * G + g) * E + e]
        })
        arena.call('store_k_f16', [pages.table, arena.put(keys), S, 0, G, E, 0, S], pages.pages)
        arena.call('store_v_f16', [pages.table, arena.put(v), 0, G, E, 0, S], pages.pages)
        const { at, bytes } = pages.pages[0]
        const marks = new Uint8Array(arena.memory.buffer.slice(at + bytes - 256, at + bytes))
        expect([...marks.subarray(0, S)]).toEqual([0, 0, 1, 0, 0, 0, 0, 0, 0])
        expect([...marks.subarray(128, 128 + S)]).toEqual([0, 0, 0, 0, 0, 1, 0, 0, 0])
      })

      test('f16 rounding agrees with its definition from subnormals to Infinity', () => {
        const v = distinct(2048).map((x, i) => x * 2 ** ((i % 45) - 28))
        const arena = new Arena(build)
        const [V, pages] = [arena.put(v), emptyPages(arena, 1, 1, 2048, true)]
        arena.call('store_v_f16', [pages.table, V, 0, 1, 2048, 0, 1], pages.pages)
        const page = arena.u16(pages.pages[0])
        expect(v.map((_, e) => page[placeOf(1, 0, 0, e, 1, 2048, true)])).toEqual(v.map(narrow))
        expectSameBits(throughF16(throughF16(v)), throughF16(v))
      })
    },
  )
