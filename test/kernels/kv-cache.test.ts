// rope_to_cache, store_k, store_v: every row of a pass stands in its page, and nothing else is touched.
import { describe, expect, test, vi } from 'vitest'
import { Arena, buildNames, distinct, expectSameBits, modules } from './arena.ts'
import { emptyPages, fillPages, throughF16 } from './pages.ts'
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
              const tail = half ? [scratch] : []
              arena.call(
                `rope_to_cache${suffix}`,
                [fused.table, X, C, N, start, G, E, from, to, ...tail],
                [...fused.pages, ...tail],
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
            )
            for (const [i, page] of want.pages.entries()) {
              const expected = arena.u16(page)
              blank(expected, i * 128, start, G, E, half)
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
        const got = arena.u16(pages.pages[0]).subarray(128 * 12, 128 * 12 + 12)
        expect([...got]).toEqual([0x3c00, 0x3c02, 0x7bff, 0x7c00, 0xfc00, 0x7e00, 1, 0, 1, 0x8000, 0, 0x8000])
      })

      test('f16 rounding agrees with its definition from subnormals to Infinity', () => {
        const v = distinct(2048).map((x, i) => x * 2 ** ((i % 45) - 28))
        const arena = new Arena(build)
        const [V, pages] = [arena.put(v), emptyPages(arena, 1, 1, 2048, true)]
        arena.call('store_v_f16', [pages.table, V, 0, 1, 2048, 0, 1], pages.pages)
        const got = arena.u16(pages.pages[0]).subarray(128 * 2048, 129 * 2048)
        expect(got).toEqual(Uint16Array.from(v, narrow))
        expectSameBits(throughF16(throughF16(v)), throughF16(v))
      })
    },
  )

/** Marks the rows before token `start` of a page whose first token is `first` as never written. */
function blank(page: Uint16Array, first: number, start: number, G: number, E: number, half: boolean): void {
  const words = half ? E : 2 * E
  for (let row = 0; row < 2 * G * 128; row++)
    if (first + (row % 128) < start) page.fill(0xffff, row * words, (row + 1) * words)
}
