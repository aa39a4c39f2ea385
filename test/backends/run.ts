// What the tests of single ops share.
import type { Work } from '../../src/backends/reference/work.ts'

/** The result of an op as plain numbers; what it leaves unwritten is NaN. */
export function run(size: number, op: (out: Float32Array) => Work): number[] {
  const out = new Float32Array(size).fill(Number.NaN)
  for (const _ of op(out));
  return [...out]
}

/** n seeded numbers, all different, both signs. */
export function distinct(n: number, seed = 1): Float32Array {
  return Float32Array.from({ length: n }, (_, i) => Math.sin(seed + 1.7 * i) * (1 + (i % 5)))
}
