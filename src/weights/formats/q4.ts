// q4: 32 values as whole numbers -8 .. 7 times one scale of either sign, so that -8, the longer end, meets the value m that
// is furthest from zero. The scale is fitted: for five trial scales -m / (8 + t), t = -0.8 .. 0.8, the q they give have the
// least-squares scale sum(w q) / sum(q q), whose gain sum(w q)^2 / sum(q q) is what it takes off the squared error; the best
// is rounded to bf16, and q = w / scale to nearest, ties to even, computed as w * (1 / scale). On normally distributed weights
// the error is 8.1 % of their size, against 8.4 % with -m / 8 alone; seven trials or scales of the other sign take off less
// than 0.01 % more. A group whose largest value is below 2^-100 is 0. f32 sums in four lanes, as in assembly/pack_q4.ts: equal
// bits.
import { f32ToBf16Bits } from './bf16.ts'
import { bf16Value, MAX, nearest, type Quantized } from './q8.ts'

const { fround, abs, min, max } = Math

const LEAST = 2 ** -100

const level = (w: number, inverse: number): number => max(-8, min(7, nearest(fround(w * inverse))))

/** q and scale of a group of 32 values; a group with NaN or Infinity has the scale 0. */
export function quantizeQ4(group: Float32Array): Quantized {
  let top = 0
  for (const w of group) top = max(top, abs(w))
  const scaleBits = f32ToBf16Bits(top >= LEAST && top <= MAX ? bestScale(group, top) : 0)
  const scale = bf16Value(scaleBits)
  const inverse = scale === 0 ? 0 : fround(1 / scale)
  return { q: Int8Array.from(group, (w) => level(w, inverse)), scaleBits }
}

function bestScale(group: Float32Array, top: number): number {
  const furthest = group.includes(top) ? top : -top
  const [wq, qq] = [new Float32Array(4), new Float32Array(4)]
  let [best, gain] = [0, -1]
  for (let t = -2; t <= 2; t++) {
    const inverse = fround(-fround(8 + fround(t * fround(0.4))) / furthest)
    wq.fill(0)
    qq.fill(0)
    for (let i = 0; i < group.length; i++) {
      const q = level(group[i], inverse)
      wq[i % 4] += fround(group[i] * q)
      qq[i % 4] += q * q
    }
    const product = addLanes(wq)
    const scale = fround(product / addLanes(qq))
    const taken = fround(product * scale)
    if (taken > gain) [best, gain] = [scale, taken]
  }
  return best
}

/** (l0 + l1) + (l2 + l3) */
function addLanes([l0, l1, l2, l3]: Float32Array): number {
  return fround(fround(l0 + l1) + fround(l2 + l3))
}
