// Distances between two runs of numbers, and the limits of the numbers that a teacher-forced op may be off by.
import { expect } from 'vitest'

type Numbers = Float32Array | Float64Array

/** ||a - b|| / ||b||; NaN if anything is not finite, and for b = 0 unless a is 0 too. */
export function relativeL2(a: Numbers, b: Numbers): number {
  let [off, all] = [0, 0]
  for (let i = 0; i < b.length; i++) {
    off += (a[i] - b[i]) ** 2
    all += b[i] ** 2
  }
  return off === 0 ? 0 : Math.sqrt(off / all)
}

/** Teacher-forced limit of a stage: 1.2e-6, growing with the root of the reduction's length beyond 4096. */
export function limitOf(inner: number | null): number {
  return 1.2e-6 * Math.max(1, Math.sqrt((inner ?? 1) / 4096))
}

/** As a whole within `limit`, and every row of `width` within five times that, so that one wrong element shows. */
export function expectClose(got: Numbers, want: Numbers, width: number, limit: number): void {
  expect(got.length).toBe(want.length)
  expect(want.length).toBeGreaterThan(0)
  expect(relativeL2(got, want)).toBeLessThanOrEqual(limit)
  for (let at = 0; at < want.length; at += width) {
    const error = relativeL2(got.subarray(at, at + width), want.subarray(at, at + width))
    if (!(error <= 5 * limit)) expect.fail(`row ${at / width} is off by ${error}, limit ${5 * limit}`)
  }
}
