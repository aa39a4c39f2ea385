// attention, attn_weights, attn_mix: the twins' bits in the strict build, within rounding of them in the relaxed one, and
// within the limits of design.md, "Numbers", of the reference backend in both.
import { describe, expect, test, vi } from 'vitest'
import { numericsOf } from '../../src/backends/reference/numerics.ts'
import * as reference from '../../src/backends/reference/ops/attention.ts'
import type { AttentionSizes } from '../../src/backends/reference/ops/attention-row.ts'
import type { MaskRule } from '../../src/config/mask-rule.ts'
import { run } from '../backends/run.ts'
import { Arena, type BuildName, buildNames, distinct, expectSameBits, modules, relativeL2 } from './arena.ts'
import { fillPages, throughF16 } from './pages.ts'
import { attention, attnMix, attnWeights } from './twins/attention.ts'

vi.setConfig({ testTimeout: 30_000 })

const full: MaskRule = { kind: 'full', window: null }
const causal = (window: number | null): MaskRule => ({ kind: 'causal', window })
const LIMIT = 2.4e-6 // attn_weights and attn_heads: twice 1.2e-6

/** [S, K, H, G, E]: one, odd, prime, just above a tile or a page; few and many heads of a group; heads of 64 and 128. */
const SHAPES: readonly (readonly [number, number, number, number, number])[] = [
  [1, 1, 1, 1, 4],
  [1, 129, 4, 1, 12],
  [1, 300, 8, 2, 64],
  [2, 5, 2, 2, 8],
  [3, 131, 6, 2, 20],
  [5, 7, 7, 1, 8],
  [1, 300, 8, 2, 128],
  [17, 17, 4, 1, 128],
  [3, 130, 32, 8, 128],
  [18, 145, 8, 2, 64],
  [67, 67, 2, 2, 12],
  [9, 257, 3, 3, 8],
  [2, 3, 71, 1, 4],
  [3, 9, 2, 1, 260],
]

const MASKS = [full, causal(null), causal(1), causal(3), causal(100)]

interface Inputs {
  readonly q: Float32Array
  readonly keys: Float32Array
  readonly values: Float32Array
}

function inputs({ S, K, H, G, E }: AttentionSizes): Inputs {
  return { q: distinct(H * S * E).map((x) => x * 3), keys: distinct(K * G * E, 2), values: distinct(K * G * E, 3) }
}

/** Runs one of the three kernels with its units cut in `parts`. */
function runKernel(
  name: 'attention' | 'attn_weights' | 'attn_mix',
  build: BuildName,
  { q, keys, values }: Inputs,
  mask: MaskRule,
  sizes: AttentionSizes,
  { parts = 1, half = false } = {},
): Float32Array {
  const { S, K, H, G, E } = sizes
  const arena = new Arena(build)
  const pages = fillPages(arena, keys, values, G, E, half)
  const out = arena.room(4 * (name === 'attn_weights' ? H * S * K : S * H * E))
  const first = arena.put(q)
  const scratch = arena.room(arena.get('attention_scratch_bytes')(H, G, E))
  const units = arena.get('attention_units')(S, H, G)
  const rule = name === 'attn_mix' ? [] : [mask.kind === 'full' ? 0 : 1, mask.window ?? 0]
  const cut = (part: number) => Math.floor((units * part) / parts)
  for (let part = 0; part < parts; part++)
    arena.call(
      half ? `${name}_f16` : name,
      [out, first, pages.table, S, K, H, G, E, ...rule, cut(part), cut(part + 1), scratch],
      [out, scratch],
    )
  return arena.f32(out)
}

for (const build of buildNames)
  describe.skipIf(modules[build] === null)(
    `${build} build${modules[build] ? '' : ' (this engine has no relaxed SIMD)'}`,
    () => {
      for (const [S, K, H, G, E] of SHAPES)
        test(`${S} queries, ${K} keys, ${H} heads in ${G} groups of ${E}`, () => {
          const sizes = { S, K, H, G, E }
          const given = inputs(sizes)
          const { q, keys, values } = given
          for (const mask of MASKS) {
            const heads = runKernel('attention', build, given, mask, sizes)
            const weights = runKernel('attn_weights', build, given, mask, sizes)
            const mixed = runKernel('attn_mix', build, { ...given, q: weights }, mask, sizes)
            if (build === 'strict') {
              expectSameBits(heads, attention(q, keys, values, mask, sizes))
              expectSameBits(weights, attnWeights(q, keys, mask, sizes))
              expectSameBits(mixed, attnMix(weights, values, sizes))
            }
            const exactWeights = run(H * S * K, (y) => reference.attnWeights(y, q, keys, mask, sizes, numericsOf.f32))
            const exact = run(S * H * E, (y) => reference.attention(y, q, keys, values, mask, sizes, numericsOf.f32))
            expect(relativeL2(heads, exact)).toBeLessThan(LIMIT)
            expect(relativeL2(weights, exactWeights)).toBeLessThan(LIMIT)
            expect(relativeL2(mixed, exact)).toBeLessThan(LIMIT)
          }
        })

      test('the bits do not depend on how the units are cut, nor on how many queries a pass has', () => {
        const sizes = { S: 37, K: 150, H: 8, G: 2, E: 16 }
        const { S, K, H, G, E } = sizes
        const given = inputs(sizes)
        const whole = runKernel('attention', build, given, causal(140), sizes)
        for (const parts of [2, 3, 5])
          expectSameBits(runKernel('attention', build, given, causal(140), sizes, { parts }), whole)
        for (const s of [0, 20, 36]) {
          const q = Float32Array.from({ length: H * E }, (_, i) => given.q[(Math.floor(i / E) * S + s) * E + (i % E)])
          const seen = K - S + s + 1
          const [keys, values] = [given.keys, given.values].map((rows) => rows.subarray(0, seen * G * E))
          const alone = runKernel('attention', build, { q, keys, values }, causal(140), { ...sizes, S: 1, K: seen })
          expectSameBits(alone, whole.slice(s * H * E, (s + 1) * H * E))
        }
      })

      test.each([20, 64, 128])(
        'f16 pages give what f32 pages of the same numbers give, to the bit: heads of %i',
        (E) => {
          const sizes = { S: 5, K: 140, H: 6, G: 2, E }
          const given = inputs(sizes)
          const rounded = { q: given.q, keys: throughF16(given.keys), values: throughF16(given.values) }
          for (const mask of [full, causal(30)])
            for (const name of ['attention', 'attn_weights'] as const)
              expectSameBits(
                runKernel(name, build, given, mask, sizes, { half: true }),
                runKernel(name, build, rounded, mask, sizes),
              )
          const weights = { q: attnWeights(given.q, given.keys, full, sizes) }
          expectSameBits(
            runKernel('attn_mix', build, { ...given, ...weights }, full, sizes, { half: true }),
            runKernel('attn_mix', build, { ...rounded, ...weights }, full, sizes),
          )
        },
      )

      test.each([
        [1, 1, 64],
        [4, 1, 128],
        [7, 1, 12],
        [8, 2, 128],
        [9, 1, 64],
      ])('one query meets f16 as it lies and as if it were f32: %i heads, %i groups of %i', (H, G, E) => {
        const sizes = { S: 1, K: 300, H, G, E }
        const given = inputs(sizes)
        // From subnormals to the largest f16.
        const keys = given.keys.map((x, i) => x * 2 ** (-20 + (i % 24)))
        const values = given.values.map((x, i) => x * 2 ** (-24 + (i % 39)))
        const token = (n: number, value: number) => (x: number, i: number) => (i === n * G * E + 1 ? value : x)
        const q = given.q.map((x) => x / 2 ** 10)
        for (const [k, v] of [
          [keys, values],
          [keys, values.map(token(290, NaN))],
          [keys.map(token(140, NaN)), values],
          [keys.map(token(3, 1e6)), values.map(token(4, -1e6))],
        ])
          for (const mask of [full, causal(100)])
            expectSameBits(
              runKernel('attention', build, { q, keys: k, values: v }, mask, sizes, { half: true }),
              runKernel('attention', build, { q, keys: throughF16(k), values: throughF16(v) }, mask, sizes),
            )
        // Queries that cannot be lifted.
        const far = { q: given.q.map((x) => x * 2 ** 20), keys: keys.map((x) => x / 2 ** 10), values }
        const rounded = { q: far.q, keys: throughF16(far.keys), values: throughF16(values) }
        expectSameBits(
          runKernel('attention', build, far, full, sizes, { half: true }),
          runKernel('attention', build, rounded, full, sizes),
        )
      })

      test.each([1, 2, 4])(
        'NaN in hidden keys and values is never felt, in seen ones by all who see it (%i heads a group)',
        (R) => {
          const sizes = { S: 6, K: 10, H: R, G: 1, E: 8 }
          const { S, K, H, E } = sizes
          const given = inputs(sizes)
          for (const [part, clean] of [
            ['keys', given.keys],
            ['values', given.values],
          ] as const) {
            const dirty = clean.map((x, i) => (Math.floor(i / E) === 7 ? NaN : x)) // token 7 is query 3
            for (const mask of [causal(null), causal(2)]) {
              const before = runKernel('attention', build, given, mask, sizes)
              const after = runKernel('attention', build, { ...given, [part]: dirty }, mask, sizes)
              for (let s = 0; s < S; s++) {
                const sees = s >= 3 && (mask.window === null || s - 3 < mask.window)
                const row = after.slice(s * H * E, (s + 1) * H * E)
                if (sees) expect(row.every(Number.isNaN)).toBe(true)
                else expectSameBits(row, before.slice(s * H * E, (s + 1) * H * E))
              }
              if (part === 'values') continue
              const weights = runKernel('attn_weights', build, { ...given, [part]: dirty }, mask, sizes)
              const row = weights.slice(2 * K, 3 * K) // query 2 sees tokens up to 6
              expect(row.some(Number.isNaN)).toBe(false)
              expect(weights.slice(3 * K, 4 * K).some(Number.isNaN)).toBe(true)
            }
          }
        },
      )

      test('an infinite score or one without end makes its row NaN, a far lower one weighs nothing', () => {
        const sizes = { S: 3, K: 3, H: 1, G: 1, E: 4 }
        const q = Float32Array.of(Infinity, 0, 0, 0, 1e19, 0, 0, 0, 400, 0, 0, 0)
        const keys = Float32Array.of(1, 0, 0, 0, 3e38, 0, 0, 0, 2, 0, 0, 0)
        const values = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
        const heads = runKernel('attention', build, { q, keys, values }, full, sizes)
        expect([...heads.slice(0, 8)].every(Number.isNaN)).toBe(true)
        const one = { q: q.slice(8), keys: keys.map((x) => (x > 2 ? 1e3 : x)), values }
        expect([...runKernel('attention', build, one, full, { ...sizes, S: 1 })]).toEqual([5, 6, 7, 8])
      })

      test('attn_mix counts every weight: 0 times NaN is NaN', () => {
        const sizes = { S: 1, K: 2, H: 1, G: 1, E: 4 }
        const values = Float32Array.of(1, 2, 3, 4, NaN, 5, 6, 7)
        const mixed = runKernel('attn_mix', build, { q: Float32Array.of(1, 0), keys: values, values }, full, sizes)
        expect([...mixed]).toEqual([NaN, 2, 3, 4])
      })
    },
  )
