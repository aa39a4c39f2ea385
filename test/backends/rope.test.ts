import { expect, test } from 'vitest'
import { numericsOf } from '../../src/backends/reference/numerics.ts'
import { inverseFrequencies, rope, rotary } from '../../src/backends/reference/ops/rope.ts'
import { shared } from '../support/golden.ts'
import { run } from './run.ts'
import { floats, ints, openTensors } from './safetensors.ts'

const { f32 } = numericsOf

test('frequencies follow the axes of their sections, the second half repeats the first', () => {
  // E 8: frequencies 1, 10^-1, 10^-2, 10^-3 for theta 10^4; one follows t, one h, two w
  const positions = Int32Array.of(1, 2, 20, 30, 300, 400) // (3, 2)
  const cos = run(16, (out) => rotary(out, 'cos', positions, 1e4, [1, 1, 2], f32))
  const angles = [1, 2, 3, 0.3, 2, 3, 4, 0.4]
  for (const [at, angle] of angles.entries()) {
    const [s, j] = [Math.floor(at / 4), at % 4]
    expect(cos[s * 8 + j]).toBeCloseTo(Math.cos(angle), 6)
    expect(cos[s * 8 + 4 + j]).toBe(cos[s * 8 + j])
  }
})

test('turns the pair (x[j], x[j + E/2]) and puts heads first', () => {
  const cos = Float32Array.of(0, 1, 0, 1)
  const sin = Float32Array.of(1, 0, 1, 0)
  const input = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8) // one token, two heads of four
  expect(run(8, (out) => rope(out, input, cos, sin, 1, 2, f32))).toEqual([-3, 2, 1, 4, -7, 6, 5, 8])
})

test('head first also for several tokens', () => {
  const cos = new Float32Array(6).fill(1)
  const sin = new Float32Array(6)
  const input = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12) // (3, 2 heads * 2)
  expect(run(12, (out) => rope(out, input, cos, sin, 3, 2, f32))).toEqual([1, 2, 5, 6, 9, 10, 3, 4, 7, 8, 11, 12])
})

test.skipIf(shared === null)('equals the golden tables (skipped without shared goldens)', () => {
  const file = openTensors(`${shared}rope.safetensors`)
  const positions = ints(file, 'position_ids')
  for (const theta of [10000, 1000000]) {
    const frequencies = inverseFrequencies(theta, 128)
    const golden = floats(file, `theta${theta}.inv_freq`)
    expect(Math.max(...frequencies.map((f, j) => Math.abs(f / golden[j] - 1)))).toBeLessThan(1e-7)
    for (const part of ['cos', 'sin'] as const) {
      const want = floats(file, `theta${theta}.${part}`)
      const got = run(want.length, (out) => rotary(out, part, positions, theta, [0, 32, 32], f32))
      expect(Math.max(...got.map((x, i) => Math.abs(x - want[i])))).toBeLessThanOrEqual(1e-6)
    }
  }
})
