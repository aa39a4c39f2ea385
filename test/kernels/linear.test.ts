// matmul_*, matvec_*, quantize_rows_*: the strict build bit for bit its twins, the relaxed one within
// 8 * 2^-24 * sum |x * w| of them, on sizes around every tile, block and group, cut anywhere between panels.
import { describe, expect, test } from 'vitest'
import { Arena, type BuildName, buildNames, distinct, expectSameBits, modules } from './arena.ts'
import { packAll, quantizeWeights, unpackAll } from './packed.ts'
import { matmul, matvecGrouped } from './twins/matmul.ts'
import { matmulInt, quantizeRows } from './twins/matmul-int.ts'

const INNERS = [1, 3, 4, 31, 32, 33, 63, 100, 255, 256, 257, 640, 1024, 1057]
const SHAPES = [
  [1, 1, 33],
  [2, 7, 64],
  [3, 8, 1],
  [4, 9, 257],
  [5, 16, 31],
  [6, 17, 256],
  [7, 24, 100],
  [13, 40, 1057],
  [241, 9, 260],
  [257, 3, 70],
] as const

/** sum |x * w| of every output, times the limit of a relaxed dot. */
function limits(x: Float32Array, w: Float32Array, inner: number): Float64Array {
  const cols = w.length / inner
  return Float64Array.from({ length: (x.length / inner) * cols }, (_, n) => {
    let sum = 0
    for (let i = 0; i < inner; i++) sum += Math.abs(x[Math.floor(n / cols) * inner + i] * w[(n % cols) * inner + i])
    return 8 * 2 ** -24 * sum
  })
}

function expectDots(build: BuildName, got: Float32Array, want: Float32Array, limit: Float64Array): void {
  if (build === 'strict') expectSameBits(got, want)
  for (let n = 0; n < want.length; n++)
    if (!(Math.abs(got[n] - want[n]) <= limit[n])) expect.fail(`output ${n}: got ${got[n]}, want ${want[n]}`)
}

for (const build of buildNames)
  describe.skipIf(modules[build] === null)(
    `${build} build${modules[build] ? '' : ' (this engine has no relaxed SIMD)'}`,
    () => {
      const scratchBytes = () => new Arena(build, 2).get('matmul_scratch_bytes')()

      for (const format of ['f32', 'bf16', 'q8', 'q4'] as const) {
        test.each(INNERS)(`matvec_${format} over %i values equals its twin`, (inner) => {
          const cols = 53
          const [x, w] = [distinct(inner), distinct(cols * inner, 2)]
          const arena = new Arena(build)
          const bytes = packAll(format, w, inner)
          const [X, W, out] = [arena.put(x), arena.put(new Uint16Array(bytes.buffer)), arena.room(56 * 4)]
          const scratch = arena.room(scratchBytes())
          arena.call(`matvec_${format}`, [out, X, W, inner, 0, 1, scratch], [{ at: out.at, bytes: 32 }, scratch])
          arena.call(
            `matvec_${format}`,
            [out, X, W, inner, 1, 7, scratch],
            [{ at: out.at + 32, bytes: 6 * 32 }, scratch],
          )
          const weights = unpackAll(format, bytes, cols, inner)
          let want = matmul(x, weights, inner)
          if (format === 'q8' || format === 'q4') {
            const { q, scales } = quantizeWeights(format, w, inner)
            want = matvecGrouped(x, q, scales, inner)
          }
          expectDots(build, arena.f32(out).subarray(0, cols), want, limits(x, weights, inner))
        })

        test.each(SHAPES)(`matmul_${format} of %i x %i over %i equals its twin`, (rows, cols, inner) => {
          const [x, w] = [distinct(rows * inner), distinct(cols * inner, 2)]
          const arena = new Arena(build, 96)
          const bytes = packAll(format, w, inner)
          const [X, W] = [arena.put(x), arena.put(new Uint16Array(bytes.buffer))]
          const [scratch, out] = [arena.room(scratchBytes()), arena.room(rows * (cols + 3) * 4)]
          arena.put(Float32Array.of(1))
          const marked = new Float32Array(arena.memory.buffer, out.at, out.bytes / 4).fill(7)
          const panels = Math.ceil(cols / 8)
          for (const [from, to] of [
            [0, panels >> 1],
            [panels >> 1, panels],
          ])
            arena.call(`matmul_${format}`, [out, X, W, rows, inner, cols, cols + 3, from, to, scratch], [out, scratch])
          const weights = unpackAll(format, bytes, cols, inner)
          const got = marked.filter((_, n) => n % (cols + 3) < cols)
          expectDots(build, got, matmul(x, weights, inner), limits(x, weights, inner))
          expect(marked.filter((_, n) => n % (cols + 3) >= cols)).toEqual(new Float32Array(rows * 3).fill(7))
        })

        test(`matmul_${format} and matvec_${format}: NaN and Infinity of x reach their row alone`, () => {
          const [rows, cols, inner] = [3, 8, 40]
          const x = distinct(rows * inner)
          x[5] = NaN
          x[inner + 39] = Infinity
          const arena = new Arena(build)
          const W = arena.put(new Uint16Array(packAll(format, distinct(cols * inner, 2), inner).buffer))
          const [X, scratch, out] = [arena.put(x), arena.room(scratchBytes()), arena.room(rows * cols * 4)]
          arena.call(`matmul_${format}`, [out, X, W, rows, inner, cols, cols, 0, 1, scratch], [out, scratch])
          const row = (r: number) => [...arena.f32(out).subarray(r * cols, (r + 1) * cols)]
          expect(row(0).every(Number.isNaN)).toBe(true)
          expect(row(1).every((v) => !Number.isFinite(v))).toBe(true)
          expect(row(2).every(Number.isFinite)).toBe(true)
          for (let r = 0; r < 2; r++) {
            const args = [out, X.at + r * inner * 4, W, inner, 0, 1, scratch]
            arena.call(`matvec_${format}`, args, [{ at: out.at, bytes: 32 }, scratch])
            expect(row(0).every((v) => !Number.isFinite(v))).toBe(true)
          }
        })
      }

      test.each(['q8', 'q4'] as const)('matvec_%s takes x of any length and size, outliers too', (format) => {
        const [cols, inner] = [3, 16_421]
        const w = distinct(cols * inner, 2)
        const bytes = packAll(format, w, inner)
        const weights = unpackAll(format, bytes, cols, inner)
        const { q, scales } = quantizeWeights(format, w, inner)
        for (const power of [-140, -110, 0, 90]) {
          const x = distinct(inner).map((v, i) => v * 2 ** power * (i % 37 === 0 ? 1000 : 1))
          const arena = new Arena(build, 16)
          const [X, W] = [arena.put(x), arena.put(new Uint16Array(bytes.buffer))]
          const [out, scratch] = [arena.room(32), arena.room(scratchBytes())]
          arena.call(`matvec_${format}`, [out, X, W, inner, 0, 1, scratch], [out, scratch])
          const got = arena.f32(out)
          if (build === 'strict') expectSameBits(got.subarray(0, cols), matvecGrouped(x, q, scales, inner))
          const bounds = limits(x, weights, inner)
          for (let c = 0; c < cols; c++) {
            let [exact, size] = [0, 0]
            for (let i = 0; i < inner; i++) exact += x[i] * weights[c * inner + i]
            for (let i = 0; i < inner; i++) size += Math.abs(weights[c * inner + i])
            // The smallest unit is 2^-126: x below 2^-97 is off by up to half of it.
            expect(Math.abs(got[c] - exact)).toBeLessThanOrEqual(bounds[c] + (power < -90 ? 2 ** -127 * size : 0))
          }
        }
      })

      for (const [format, largest] of [
        ['q8', 63],
        ['q4', 127],
      ] as const) {
        const quantise = (arena: Arena, x: Float32Array, inner: number) => {
          const rows = x.length / inner
          const X = arena.put(x)
          const xq = arena.room(rows * arena.get('quantized_row_bytes')(inner))
          const half = rows >> 1
          arena.call(`quantize_rows_${format}`, [xq, X, inner, 0, half], [xq])
          arena.call(`quantize_rows_${format}`, [xq, X, inner, half, rows], [xq])
          return xq
        }

        test.each(INNERS)(`matvec_${format}_int over %i values equals its twin`, (inner) => {
          const cols = 21
          const [x, w] = [distinct(inner), distinct(cols * inner, 2)]
          const arena = new Arena(build)
          const [W, out] = [arena.put(new Uint16Array(packAll(format, w, inner).buffer)), arena.room(24 * 4)]
          const xq = quantise(arena, x, inner)
          arena.call(`matvec_${format}_int`, [out, xq, W, inner, 0, 2], [{ at: out.at, bytes: 64 }])
          arena.call(`matvec_${format}_int`, [out, xq, W, inner, 2, 3], [{ at: out.at + 64, bytes: 32 }])
          const [twinX, twinW] = [quantizeRows(x, inner, largest), quantizeWeights(format, w, inner)]
          const want = matmulInt(twinX, twinW, inner)
          expectDots(build, arena.f32(out).subarray(0, cols), want, limits(x, w, inner))
        })

        for (const path of ['int', 'fused'])
          test.each(SHAPES)(`matmul_${format}_${path} of %i x %i over %i equals its twin`, (rows, cols, inner) => {
            const [x, w] = [distinct(rows * inner), distinct(cols * inner, 2)]
            const arena = new Arena(build, 96)
            const W = arena.put(new Uint16Array(packAll(format, w, inner).buffer))
            const xq = quantise(arena, x, inner)
            const [scratch, out] = [arena.room(scratchBytes()), arena.room(rows * (cols + 3) * 4)]
            const marked = new Float32Array(arena.memory.buffer, out.at, out.bytes / 4).fill(7)
            const panels = Math.ceil(cols / 8)
            for (const [from, to] of [
              [0, panels >> 1],
              [panels >> 1, panels],
            ])
              arena.call(
                `matmul_${format}_${path}`,
                [out, xq, W, rows, inner, cols, cols + 3, from, to, scratch],
                [out, scratch],
              )
            const [twinX, twinW] = [quantizeRows(x, inner, largest), quantizeWeights(format, w, inner)]
            const got = marked.filter((_, n) => n % (cols + 3) < cols)
            expectDots(build, got, matmulInt(twinX, twinW, inner), limits(x, w, inner))
            expect(marked.filter((_, n) => n % (cols + 3) >= cols)).toEqual(new Float32Array(rows * 3).fill(7))
          })

        test(`${format} whole numbers: the largest values of both sides do not overflow`, () => {
          const [inner, cols] = [2048, 8]
          for (const sign of [1, -1]) {
            const x = new Float32Array(inner).fill(1)
            const w = new Float32Array(cols * inner).fill(sign)
            const arena = new Arena(build)
            const [W, out] = [arena.put(new Uint16Array(packAll(format, w, inner).buffer)), arena.room(32)]
            const [xq, scratch] = [quantise(arena, x, inner), arena.room(scratchBytes())]
            const want = matmulInt(quantizeRows(x, inner, largest), quantizeWeights(format, w, inner), inner)
            arena.call(`matvec_${format}_int`, [out, xq, W, inner, 0, 1], [out])
            expectDots(build, arena.f32(out), want, limits(x, w, inner))
            for (const path of ['int', 'fused']) {
              arena.call(`matmul_${format}_${path}`, [out, xq, W, 1, inner, cols, cols, 0, 1, scratch], [out, scratch])
              expectDots(build, arena.f32(out), want, limits(x, w, inner))
            }
          }
        })

        test(`${format} whole numbers: NaN or Infinity in a row of x makes that row NaN, tiny values count as 0`, () => {
          const [inner, cols] = [64, 8]
          const x = distinct(4 * inner)
          x[3] = NaN
          x[inner + 40] = -Infinity
          x.fill(1e-40, 2 * inner, 3 * inner)
          const arena = new Arena(build)
          const W = arena.put(new Uint16Array(packAll(format, distinct(cols * inner, 2), inner).buffer))
          const [xq, scratch, out] = [quantise(arena, x, inner), arena.room(scratchBytes()), arena.room(4 * 32)]
          arena.call(`matmul_${format}_int`, [out, xq, W, 4, inner, cols, cols, 0, 1, scratch], [out, scratch])
          const got = arena.f32(out)
          expect(got.subarray(0, 16).every(Number.isNaN)).toBe(true)
          expect(got.subarray(16, 24).every((v) => v === 0)).toBe(true)
          expect(got.subarray(24).every(Number.isFinite)).toBe(true)
          arena.call(`matvec_${format}_int`, [out, xq, W, inner, 0, 1], [{ at: out.at, bytes: 32 }])
          expect(arena.f32(out).subarray(0, 8).every(Number.isNaN)).toBe(true)
        })
      }
    },
  )
