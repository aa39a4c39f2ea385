// golden/cases/sampling.json holds what transformers 4.42.0's logits processors make of rows of logits; `ids` are prompt
// and output, null = removed. No ties and no sums on a border of top-p.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { tokenLogprob } from '../../src/generate/logprobs.ts'
import type { Sampling } from '../../src/generate/options.ts'
import { filteredScores } from '../../src/generate/scores.ts'
import { root } from '../support/golden.ts'

interface Fixture {
  readonly rows: readonly (readonly number[])[]
  readonly ids: readonly number[]
  readonly cases: readonly { row: number; options: Partial<Sampling>; scores: readonly (number | null)[] }[]
  readonly logprobs: readonly (readonly number[])[]
}

const fixture: Fixture = JSON.parse(readFileSync(`${root}golden/cases/sampling.json`, 'utf8'))
const off: Sampling = { temperature: 1, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1, seed: 0 }

const kinds = [...new Set(fixture.cases.map(({ options }) => Object.keys(options).join(', ')))]
for (const kind of kinds)
  test(`scores filtered by ${kind} have the bits of transformers 4.42`, () => {
    for (const { row, options, scores } of fixture.cases) {
      if (Object.keys(options).join(', ') !== kind) continue
      const logits = Float32Array.from(fixture.rows[row])
      const wanted = Float32Array.from(scores, (s) => s ?? -Infinity)
      expect(filteredScores(logits, fixture.ids, { ...off, ...options }, []), JSON.stringify(options)).toEqual(wanted)
      expect(logits).toEqual(Float32Array.from(fixture.rows[row]))
    }
  })

for (const [row, wanted] of fixture.logprobs.entries())
  test(`log-probabilities of row ${row} are those of torch.log_softmax`, () => {
    const logits = Float32Array.from(fixture.rows[row])
    const order = [...wanted.keys()].sort((a, b) => wanted[b] - wanted[a])
    const { logprob, top } = tokenLogprob(logits, 3, 5)
    expect(logprob).toBeCloseTo(wanted[3], 5)
    expect(top.map(({ id }) => id)).toEqual(order.slice(0, 5))
    for (const { id, logprob } of top) expect(logprob).toBeCloseTo(wanted[id], 5)
    expect(tokenLogprob(logits, 3, 0).top).toEqual([])
    expect(tokenLogprob(logits, 3, 100).top).toHaveLength(logits.length)
  })

test('top-k keeps ties of the k-th largest', () => {
  const scores = filteredScores(Float32Array.of(2, 1, 2, 3, 0), [], { ...off, topK: 2 }, [])
  expect(scores).toEqual(Float32Array.of(2, -Infinity, 2, 3, -Infinity))
})

test('top-p 0 keeps one id', () => {
  const scores = filteredScores(Float32Array.of(2, 1, 2, 3, 0), [], { ...off, topP: 0 }, [])
  expect([...scores].filter((s) => s > -Infinity)).toEqual([3])
})

test('a repetition penalty counts an id once and pushes negative scores down', () => {
  const scores = filteredScores(Float32Array.of(2, -2, 4), [0, 0, 0, 1], { ...off, repetitionPenalty: 2 }, [])
  expect(scores).toEqual(Float32Array.of(1, -4, 4))
})

test('greedy takes the penalty and the suppressed ids, and no filter', () => {
  const greedy: Sampling = { temperature: 0, topK: 1, topP: 0.1, minP: 0.9, repetitionPenalty: 2, seed: null }
  expect(filteredScores(Float32Array.of(4, 3, 1, 0), [0], greedy, [1])).toEqual(Float32Array.of(2, -Infinity, 1, 0))
})

for (const bad of [Number.NaN, Infinity, -Infinity])
  test(`a logit of ${bad} is an error, even where it would be removed`, () => {
    const logits = Float32Array.of(1, bad, 2)
    expect(() => filteredScores(logits, [], off, [1])).toThrow(expect.objectContaining({ code: 'E_LOGITS_NOT_FINITE' }))
  })
