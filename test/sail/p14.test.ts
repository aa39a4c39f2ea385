// The whole library on a real checkpoint and PyTorch's greedy ids.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Sail } from '../../src/node.ts'
import { shared } from '../support/golden.ts'
import { readCase } from './read-case.ts'

const cases = ['p14-landscape', 'p14-portrait', 'p14-square', 'p14-wide', 'p14-onepixel']

describe.skipIf(shared === null)('p14 of the shared goldens (skipped where ../shared/golden is missing)', () => {
  let sail: Sail
  beforeAll(async () => {
    sail = await Sail.load(`${shared}models/p14`)
  })
  afterAll(() => sail.close())

  for (const name of cases)
    test(`${name}: ask gives PyTorch's ids and text`, async () => {
      const golden = await readCase(`${shared}cases/${name}.f32.safetensors`)
      const { image, prompt, response } = golden.metadata
      const maxNewTokens = Number(golden.metadata.max_new_tokens)
      const answer = await sail.ask({ image: `${shared}${image}`, prompt }, { maxNewTokens })
      expect(answer.ids).toEqual(golden.integers('generated_ids'))
      expect(answer.text).toBe(response)
      expect(answer.grid).toEqual(golden.integers('grid'))
      expect([answer.prefixTokens]).toEqual(golden.integers('prefix_len'))
      expect(answer.prefixTokens + answer.promptTokens).toBe(golden.integers('input_ids').length)
    })
})
