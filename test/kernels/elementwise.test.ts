// rms_norm, swiglu (and exp through it), add, add_bias, scatter_add, gather, rope: bit for bit the twins, in both builds.
import { describe, expect, test } from 'vitest'
import { numericsOf } from '../../src/backends/reference/numerics.ts'
import * as reference from '../../src/backends/reference/ops/elementwise.ts'
import { rmsNorm as referenceNorm } from '../../src/backends/reference/ops/rms-norm.ts'
import { run } from '../backends/run.ts'
import { Arena, buildNames, distinct, expectSameBits, modules, relativeL2 } from './arena.ts'
import { add, addBias, scatterAdd, swiglu } from './twins/elementwise.ts'
import { exp } from './twins/exp.ts'
import { narrow } from './twins/f16.ts'
import { gather } from './twins/gather.ts'
import { rmsNorm } from './twins/rms-norm.ts'
import { rope } from './twins/rope.ts'

const SPECIAL = [0, -0, NaN, Infinity, -Infinity, 88.7, 89, -89, 104, -104, -103.9, 3.4e38, -3.4e38, 1e-45, -1e-45, 1]
const SIZES = [1, 2, 3, 4, 5, 7, 8, 31, 127, 128, 129, 131, 511, 512, 515, 641, 1100, 4096]

for (const build of buildNames)
  describe.skipIf(modules[build] === null)(
    `${build} build${modules[build] ? '' : ' (this engine has no relaxed SIMD)'}`,
    () => {
      test.each(SIZES)('rms_norm of rows of %i equals its twin', (D) => {
        const arena = new Arena(build)
        const [x, weight] = [distinct(5 * D), distinct(D, 2)]
        const [X, W, out] = [arena.put(x), arena.put(weight), arena.room(x.byteLength)]
        arena.call('rms_norm', [out, X, W, D, 1e-5, 0, 2], [out])
        arena.call('rms_norm', [out, X, W, D, 1e-5, 2, 5], [{ at: out.at + 8 * D, bytes: 12 * D }])
        expectSameBits(arena.f32(out), rmsNorm(x, weight, 1e-5))
        const exact = run(x.length, (y) => referenceNorm(y, x, weight, 1e-5, numericsOf.f32))
        expect(relativeL2(arena.f32(out), exact)).toBeLessThan(2.4e-7)
      })

      test('rms_norm: NaN takes its row, Infinity leaves 0 beside NaN, and so do squares beyond f32', () => {
        const x = Float32Array.of(1, NaN, 2, 3, 1, Infinity, 2, 3, 1e20, 1, 2, 3)
        const arena = new Arena(build)
        const [X, W, out] = [arena.put(x), arena.put(new Float32Array(4).fill(1)), arena.room(48)]
        arena.call('rms_norm', [out, X, W, 4, 1e-5, 0, 3], [out])
        expect([...arena.f32(out)]).toEqual([NaN, NaN, NaN, NaN, 0, NaN, 0, 0, 0, 0, 0, 0])
      })

      test.each([1, 2, 3, 4, 5, 9, 1023])(
        'swiglu and add of %i elements equal their twins however they are cut',
        (n) => {
          const [gate, up] = [distinct(n).map((z) => z * 20), distinct(n, 2)]
          for (let i = 0; i < Math.min(n, SPECIAL.length); i++) gate[i] = SPECIAL[i]
          for (const [name, twin] of Object.entries({ swiglu, add }))
            for (const cut of [0, 1, n >> 1, n]) {
              const arena = new Arena(build, 8)
              const [A, B, out] = [arena.put(gate), arena.put(up), arena.room(4 * n)]
              arena.call(name, [out, A, B, 0, cut], [{ at: out.at, bytes: 4 * cut }])
              arena.call(name, [out, A, B, cut, n], [{ at: out.at + 4 * cut, bytes: 4 * (n - cut) }])
              expectSameBits(arena.f32(out), twin(gate, up))
            }
        },
      )

      test('silu: NaN stays NaN, Infinity stays, -Infinity is NaN, far below it is -0', () => {
        const arena = new Arena(build, 8)
        const [gate, up] = [Float32Array.of(NaN, Infinity, -Infinity, -200, 0, 1), new Float32Array(6).fill(1)]
        const [A, B, out] = [arena.put(gate), arena.put(up), arena.room(24)]
        arena.call('swiglu', [out, A, B, 0, 6], [out])
        expect([...arena.f32(out)]).toEqual([NaN, Infinity, NaN, -0, 0, Math.fround(1 / (1 + Math.exp(-1)))])
      })

      test('swiglu is within the act limit of the f64 formula', () => {
        const arena = new Arena(build)
        const [gate, up] = [distinct(40_000).map((z) => z * 4), distinct(40_000, 2)]
        const [A, B, out] = [arena.put(gate), arena.put(up), arena.room(160_000)]
        arena.call('swiglu', [out, A, B, 0, 40_000], [out])
        const exact = run(40_000, (y) => reference.swiglu(y, gate, up, numericsOf.f32))
        expect(relativeL2(arena.f32(out), exact)).toBeLessThan(2.4e-7)
      })

      test.each([1, 3, 8, 13])('add_bias touches the first %i columns of its rows', (cols) => {
        const ldo = cols + 3
        const arena = new Arena(build, 8)
        const [x, bias] = [distinct(4 * ldo), distinct(cols, 2)]
        const [out, B] = [arena.put(x), arena.put(bias)]
        arena.call('add_bias', [out, B, cols, ldo, 0, 1], [{ at: out.at, bytes: 4 * cols }])
        arena.call('add_bias', [out, B, cols, ldo, 1, 4], [{ at: out.at + 4 * ldo, bytes: 12 * ldo }])
        expectSameBits(arena.f32(out), addBias(x, bias, ldo))
      })

      test.each([1, 6, 12])('scatter_add puts patches of %i values onto their tokens', (D) => {
        const indices = Int32Array.of(-1, 1, -1, 0, 2)
        const [x, rows] = [distinct(5 * D), distinct(3 * D, 2)]
        const arena = new Arena(build, 8)
        const [out, R, I] = [arena.put(x), arena.put(rows), arena.put(indices)]
        arena.call('scatter_add', [out, R, I, 5, D, 0, 1], [{ at: out.at + 12 * D, bytes: 4 * D }])
        const others = [1, 4].map((s) => ({ at: out.at + 4 * s * D, bytes: 4 * D }))
        arena.call('scatter_add', [out, R, I, 5, D, 1, 3], others)
        expectSameBits(arena.f32(out), scatterAdd(x, rows, indices))
      })

      test.each([1, 3, 4, 7, 64])('gather reads rows of %i values as they are stored', (D) => {
        const ids = Int32Array.of(2, 0, 4, 4, 1)
        const f32 = distinct(5 * D)
        const tables = {
          f32,
          bf16: Uint16Array.from(new Uint32Array(f32.buffer), (word) => word >>> 16),
          f16: Uint16Array.from(f32, narrow),
        }
        for (const format of ['f32', 'bf16', 'f16'] as const) {
          const arena = new Arena(build, 8)
          const [T, I, out] = [arena.put(tables[format]), arena.put(ids), arena.room(20 * D)]
          arena.call(`gather_${format}`, [out, T, I, D, 0, 3], [{ at: out.at, bytes: 12 * D }])
          arena.call(`gather_${format}`, [out, T, I, D, 3, 5], [{ at: out.at + 12 * D, bytes: 8 * D }])
          expectSameBits(arena.f32(out), gather(format, tables[format], ids, D))
        }
      })

      test('add_bias, scatter_add and rope let NaN and Infinity through as a scalar loop does', () => {
        const [n, specials] = [SPECIAL.length, Float32Array.from(SPECIAL)]
        const turned = specials.map((_, i) => SPECIAL[(i * 7 + 3) % n])
        const arena = new Arena(build, 8)
        const [x, y] = [arena.put(specials), arena.put(turned)]
        const biased = arena.put(specials)
        arena.call('add_bias', [biased, y, n, n, 0, 1], [biased])
        expectSameBits(arena.f32(biased), addBias(specials, turned, n))
        const [scattered, indices] = [arena.put(specials), Int32Array.of(1, -1, 0, -1)]
        arena.call('scatter_add', [scattered, y, arena.put(indices), 4, n / 4, 0, 2], [scattered])
        expectSameBits(arena.f32(scattered), scatterAdd(specials, turned, indices))
        const roped = arena.room(4 * n)
        arena.call('rope', [roped, x, y, y, 1, 1, n, 0, 1], [roped])
        expectSameBits(arena.f32(roped), rope(specials, turned, turned, 1, 1))
      })

      test('gather keeps NaN and Infinity of a table', () => {
        const f32 = Float32Array.from(SPECIAL)
        const bf16 = Uint16Array.from(new Uint32Array(f32.buffer), (word) => word >>> 16)
        for (const [format, table] of Object.entries({ f32, bf16 })) {
          const arena = new Arena(build, 8)
          const [T, I, out] = [arena.put(table), arena.put(Int32Array.of(0)), arena.room(4 * SPECIAL.length)]
          arena.call(`gather_${format}`, [out, T, I, SPECIAL.length, 0, 1], [out])
          const wanted = gather(format as 'f32' | 'bf16', table, Int32Array.of(0), SPECIAL.length)
          expect([...wanted.slice(2, 5)]).toEqual([NaN, Infinity, -Infinity])
          expectSameBits(arena.f32(out), wanted)
        }
      })

      test('every f16 is read as its value', () => {
        const table = Uint16Array.from({ length: 65536 }, (_, i) => i)
        const arena = new Arena(build)
        const [T, I, out] = [arena.put(table), arena.put(Int32Array.of(0)), arena.room(4 * 65536)]
        arena.call('gather_f16', [out, T, I, 65536, 0, 1], [out])
        expectSameBits(arena.f32(out), gather('f16', table, Int32Array.of(0), 65536))
      })

      test.each([2, 4, 6, 10, 64, 128])('rope of heads of %i equals its twin', (E) => {
        const [S, heads] = [3, 5]
        const [x, cos, sin] = [distinct(S * heads * E), distinct(S * E, 2), distinct(S * E, 3)]
        const arena = new Arena(build)
        const [X, C, N, out] = [arena.put(x), arena.put(cos), arena.put(sin), arena.room(x.byteLength)]
        arena.call('rope', [out, X, C, N, S, heads, E, 0, 1], [out])
        arena.call('rope', [out, X, C, N, S, heads, E, 1, 3], [out])
        expectSameBits(arena.f32(out), rope(x, cos, sin, S, heads))
      })
    },
  )

test('exp is within one unit in the last place from end to end, exact at 0, monotone at its borders', () => {
  const bits = new Uint32Array(1)
  const value = new Float32Array(bits.buffer)
  let worst = 0
  for (let i = 0; i < 400_000; i++) {
    value[0] = -103.5 + (i / 400_000) * 192.2
    const x = value[0]
    const want = Math.exp(x)
    value[0] = want
    const unit = Math.max(2 ** -149, 2 ** (Math.floor(Math.log2(want)) - 23))
    worst = Math.max(worst, Math.abs(exp(x) - want) / unit)
  }
  expect(worst).toBeLessThan(1)
  expect([exp(0), exp(-0), exp(-Infinity), exp(-104), exp(Infinity), exp(89), exp(NaN)]).toEqual([
    1,
    1,
    0,
    0,
    Infinity,
    Infinity,
    NaN,
  ])
})
