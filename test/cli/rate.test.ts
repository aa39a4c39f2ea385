import { expect, test } from 'vitest'
import { Rate } from '../../src/cli/rate.ts'

test('bytes, speed and time left are those since the beginning', () => {
  let now = 0
  const rate = new Rate(() => now)
  expect(rate.text(0, 14.5e9)).toBe('0.0 of 14.5 GB')
  now = 10_000
  expect(rate.text(5e9, 14.5e9)).toBe('5.0 of 14.5 GB, 0.50 GB/s, 19 s left')
  now = 100_000
  expect(rate.text(5e9, 14.5e9)).toBe('5.0 of 14.5 GB, 0.05 GB/s, 3 min 10 s left')
  expect(rate.text(400e6, 400e6)).toBe('400.0 of 400.0 MB, 0.00 GB/s, 0 s left')
})
