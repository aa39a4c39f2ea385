// Twin of assembly/exp4.ts: the same f32 steps, one lane.
const { fround } = Math
const LOG2_E = fround(1.4426950216)
const LN2_HIGH = 0.693359375
const LN2_LOW = fround(-2.12194442e-4)
const P = [0.49999994, 0.16666521, 0.04166839, 0.008368745, 0.001381454].map(fround)
const SHIFT = 12582912 // 1.5 * 2^23

export function exp(x: number): number {
  const clamped = Math.min(Math.max(x, -104), 89)
  const n = fround(fround(fround(clamped * LOG2_E) + SHIFT) - SHIFT)
  const r = fround(fround(clamped - fround(n * LN2_HIGH)) - fround(n * LN2_LOW))
  const square = fround(r * r)
  const low = fround(P[0] + fround(P[1] * r))
  const high = fround(fround(P[2] + fround(P[3] * r)) + fround(square * P[4]))
  const result = fround(fround(r + fround(square * fround(low + fround(square * high)))) + 1)
  return fround(fround(result * 2 ** Math.floor(n / 2)) * 2 ** (n - Math.floor(n / 2)))
}
