import { expect, test } from 'vitest'
import { chooseGreedy, chooseSample } from '../../src/generate/choose.ts'
import { createRandom, splitmix64, xoshiro128 } from '../../src/generate/random.ts'

const code = (code: string) => expect.objectContaining({ code })

test('greedy takes the lowest id of equal scores', () => {
  expect(chooseGreedy(Float32Array.of(1, 3, 3, -Infinity))).toBe(1)
})

test('a score of NaN is never an answer', () => {
  expect(() => chooseGreedy(Float32Array.of(Number.NaN, 1))).toThrow(code('E_SCORES_OVERFLOW'))
  expect(() => chooseGreedy(Float32Array.of(1, Number.NaN))).toThrow(code('E_SCORES_OVERFLOW'))
  expect(() => chooseSample(Float32Array.of(1, Infinity), 0.5)).toThrow(code('E_SCORES_OVERFLOW'))
})

test('nothing left to choose from is an error', () => {
  expect(() => chooseGreedy(Float32Array.of(-Infinity, -Infinity))).toThrow(code('E_SCORES_EMPTY'))
})

test('u picks ids in rising order, each as wide as its probability, removed ones never', () => {
  const scores = Float32Array.of(-Infinity, Math.log(1), Math.log(2), -Infinity, Math.log(1), -Infinity)
  const pick = (u: number) => chooseSample(scores, u)
  expect([0, 0.2499, 0.2501, 0.7499, 0.7501, 1 - 2 ** -53].map(pick)).toEqual([1, 1, 2, 2, 4, 4])
})

test('the generators are splitmix64 and xoshiro128**', () => {
  const split = splitmix64(1234567n)
  expect([split(), split(), split()]).toEqual([6457827717110365317n, 3203168211198807973n, 9817491932198370423n])
  const next = xoshiro128(Uint32Array.of(1, 2, 3, 4))
  expect([next(), next(), next(), next(), next(), next()]).toEqual([
    11520, 0, 5927040, 70819200, 2031721883, 1637235492,
  ])
})

const draws: readonly (readonly [seed: number, u: readonly number[]])[] = [
  [0, [0.870254774404272, 0.6697971505310978, 0.3616586206733957]],
  [42, [0.4137016681565887, 0.003983993377814743, 0.6500837027638867]],
  [Number.MAX_SAFE_INTEGER, [0.2871189810310325, 0.1540904543499252, 0.6056109088751621]],
]
for (const [seed, wanted] of draws)
  test(`seed ${seed} draws the documented numbers`, () => {
    const random = createRandom(seed)
    expect([random(), random(), random()]).toEqual(wanted)
  })

test('a thousand draws of a seed follow the probabilities', () => {
  const random = createRandom(7)
  const scores = Float32Array.of(Math.log(0.5), Math.log(0.3), Math.log(0.2))
  const counts = [0, 0, 0]
  for (let i = 0; i < 1000; i++) counts[chooseSample(scores, random())]++
  for (const [i, p] of [0.5, 0.3, 0.2].entries()) expect(Math.abs(counts[i] / 1000 - p)).toBeLessThan(0.05)
})
