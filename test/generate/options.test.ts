import { expect, test } from 'vitest'
import type { GenerateOptions } from '../../src/api.ts'
import { generateSettings } from '../../src/generate/options.ts'

const refuse = (options: object, code: string) =>
  expect(() => generateSettings(options as GenerateOptions)).toThrow(expect.objectContaining({ code }))

test('no options are greedy with 1024 new tokens', () => {
  expect(generateSettings({})).toMatchObject({
    temperature: 0,
    maxNewTokens: 1024,
    seed: null,
    stop: [],
    onAbort: 'throw',
  })
})

test('a temperature turns sampling on, with top-k 50 and a drawn seed', () => {
  const { topK, topP, minP, seed } = generateSettings({ temperature: 0.7 })
  expect([topK, topP, minP]).toEqual([50, 1, 0])
  expect(Number.isSafeInteger(seed)).toBe(true)
  expect(generateSettings({ temperature: 0.7, seed: 5, topK: 0 })).toMatchObject({ seed: 5, topK: 0 })
})

for (const option of [{ topK: 5 }, { topP: 0.5 }, { minP: 0.5 }, { seed: 1 }])
  test(`${JSON.stringify(option)} without a temperature is refused`, () => {
    refuse(option, 'E_OPTION_NEEDS_TEMPERATURE')
    refuse({ ...option, temperature: 0 }, 'E_OPTION_NEEDS_TEMPERATURE')
    expect(() => generateSettings({ ...option, temperature: 1 })).not.toThrow()
  })

const wrong: readonly (readonly [code: string, name: string, values: readonly unknown[]])[] = [
  ['E_OPTION_MAX_NEW_TOKENS', 'maxNewTokens', [0, -1, 1.5, Number.NaN, Infinity, '5', null]],
  ['E_OPTION_TEMPERATURE', 'temperature', [-0.1, Number.NaN, Infinity, '1', null]],
  ['E_OPTION_TOP_K', 'topK', [-1, 1.5, Number.NaN, '3']],
  ['E_OPTION_TOP_P', 'topP', [-0.1, 1.1, Number.NaN, '1']],
  ['E_OPTION_MIN_P', 'minP', [-0.1, 1.1, Number.NaN]],
  ['E_OPTION_REPETITION_PENALTY', 'repetitionPenalty', [0, -1, Number.NaN, Infinity]],
  ['E_OPTION_SEED', 'seed', [-1, 0.5, 2 ** 53, 1n]],
  ['E_OPTION_STOP', 'stop', ['x', [''], [1], ['\ud800']]],
  ['E_OPTION_LOGPROBS', 'logprobs', [-1, 0.5, true]],
  ['E_OPTION_SIGNAL', 'signal', [{}, 1]],
  ['E_OPTION_ON_ABORT', 'onAbort', ['stop']],
  ['E_OPTION_UNKNOWN', 'max_new_tokens', [5]],
  ['E_OPTION_UNKNOWN', 'toString', [5]],
]
for (const [code, name, values] of wrong)
  for (const value of values)
    test(`${name} ${typeof value === 'bigint' ? `${value}n` : JSON.stringify(value)} is ${code}`, () =>
      refuse({ temperature: 1, [name]: value }, code))
