// A token chosen from a few logits is the token chosen from all of them, for every way to sample, ties included; and what
// needs all of them asks for them.
import { expect, test } from 'vitest'
import type { GenerateOptions } from '../../src/api.ts'
import { decisive, topNeeded } from '../../src/generate/candidates.ts'
import { chooseGreedy, chooseSample } from '../../src/generate/choose.ts'
import { decode } from '../../src/generate/decode.ts'
import { generateSettings } from '../../src/generate/options.ts'
import { createRandom } from '../../src/generate/random.ts'
import { filteredScores } from '../../src/generate/scores.ts'
import { Stopwatch } from '../../src/generate/stopwatch.ts'
import { f32 } from '../../src/tensor.ts'
import { topK } from '../kernels/twins/choose.ts'
import { config, FakeEngine, open } from './fake-engine.ts'

const V = 300
const tail = (count: number) => Array.from({ length: count }, (_, i) => V - count + i)

const ways: readonly GenerateOptions[] = [
  {},
  { temperature: 1, topK: 1, seed: 1 },
  { temperature: 0.7, topK: 5, seed: 2 },
  { temperature: 3.3, seed: 3 },
  { temperature: 1.2, topK: 20, topP: 0.8, minP: 0.05, seed: 4 },
  { temperature: 0.5, topK: 127, minP: 0.01, seed: 5 },
]

test.each(ways)('%j: the same ids from a few logits as from all', (options) => {
  const settings = generateSettings(options)
  const random = createRandom(7)
  let undecided = 0
  for (let n = 0; n < 200; n++) {
    const step = n % 2 === 0 ? 1e-6 : 0.25 // in steps of a quarter many are equal
    const logits = Float32Array.from({ length: V }, () => Math.round(((random() - 0.5) * 12) / step) * step)
    const suppressed = n % 3 === 0 ? tail(40) : []
    const top = topNeeded(settings, suppressed, V)!
    const { ids, scores } = topK(logits, top.below, top.count)
    const found = decisive(f32([2, top.count], Float32Array.of(...scores, ...ids)), top, settings)
    if (found === null) {
      undecided++
      continue
    }
    const u = random()
    const choose = (from: Float32Array) => (settings.seed === null ? chooseGreedy(from) : chooseSample(from, u))
    const all = choose(filteredScores(logits, [], settings, suppressed))
    expect(found.ids![choose(filteredScores(found.logits, [], settings, []))]).toBe(all)
  }
  expect(undecided).toBeLessThanOrEqual(settings.temperature === 0 ? 0 : 100)
})

test.each([
  [{ logprobs: 0 }, []],
  [{ repetitionPenalty: 1.1 }, []],
  [{ temperature: 1, topK: 0 }, []],
  [{ temperature: 1, topK: 200 }, []],
  [{}, [3]],
] as const)('%j with the suppressed ids %j needs all logits', (options, suppressed) => {
  expect(topNeeded(generateSettings(options), suppressed, V)).toBeNull()
})

test('a tie that goes on behind the last pair, or a score that overflows, does not decide', () => {
  const settings = generateSettings({ temperature: 1, topK: 2, seed: 1 })
  const top = topNeeded(settings, [], V)!
  expect(top).toEqual({ count: 3, below: V })
  expect(decisive(f32([2, 3], Float32Array.of(5, 4, 4, 7, 1, 2)), top, settings)).toBeNull()
  expect(decisive(f32([2, 3], Float32Array.of(5, 4, 3, 7, 1, 2)), top, settings)?.ids).toEqual(Int32Array.of(1, 2, 7))
  expect(
    decisive(f32([2, 3], Float32Array.of(1e38, 4, 3, 7, 1, 2)), top, { ...settings, temperature: 1e-3 }),
  ).toBeNull()
})

/** Stages that each pass of 3 tokens handed out. */
async function asked(options: GenerateOptions, spoil = (_: Float32Array): void => {}): Promise<string[]> {
  const engine = new FakeEngine([5, 6, 7], 7)
  engine.spoil = spoil
  const settings = generateSettings({ maxNewTokens: 3, ...options })
  const tokens = decode(open(engine), { config, settings, suppressed: [], stopwatch: new Stopwatch() })
  for await (const _ of tokens);
  return engine.passes.map(({ graph }) => graph.outputs.join())
}

test('a greedy answer never asks for a row of logits; log-probabilities always do', async () => {
  expect(await asked({})).toEqual(['', 'next_top', 'next_top', 'next_top'])
  expect(await asked({ logprobs: 1 })).toEqual(['', 'next_logits', 'next_logits', 'next_logits'])
})

test('where few do not decide, the same tokens are run again for all', async () => {
  const seen = await asked({ temperature: 1, topK: 3, seed: 1 })
  expect(seen).toEqual(['', 'next_top', 'next_logits', 'next_top', 'next_logits', 'next_top', 'next_logits'])
  const apart = (logits: Float32Array) => logits.set(logits.map((logit, i) => logit + i / 64))
  expect(await asked({ temperature: 1, topK: 3, seed: 1 }, apart)).toEqual(['', 'next_top', 'next_top', 'next_top'])
})
