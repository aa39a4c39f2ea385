// The whole library on the shared models and PyTorch's greedy ids.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Sail } from '../../src/node.ts'
import { shared } from '../support/golden.ts'
import { readCase } from './read-case.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const models = {
  p14: ['p14-landscape', 'p14-portrait', 'p14-square', 'p14-wide', 'p14-onepixel'],
  'p32-window': ['p32-landscape', 'p32-portrait'],
}

for (const [model, cases] of Object.entries(models))
  describe.skipIf(shared === null)(`${model} (skipped where ../shared/golden is missing)`, () => {
    let sail: Sail
    beforeAll(async () => {
      sail = await Sail.load(`${shared}models/${model}`)
    })
    afterAll(() => sail.close())

    for (const name of cases)
      test(`${name}: ask gives PyTorch's ids and text, also on a prefix that is there already`, async () => {
        const golden = await readCase(`${shared}cases/${name}.f32.safetensors`)
        const { image, prompt, response } = golden.metadata
        const question = { image: `${shared}${image}`, prompt }
        const maxNewTokens = Number(golden.metadata.max_new_tokens)
        await sail.ask({ ...question, prompt: 'Something else first.' }, { maxNewTokens: 2 })
        const answer = await sail.ask(question, { maxNewTokens })
        expect(answer.timings.prefixMs).toBe(0)
        expect(answer.ids).toEqual(golden.integers('generated_ids'))
        expect(answer.text).toBe(response)
        expect(answer.grid).toEqual(golden.integers('grid'))
        expect([answer.prefixTokens]).toEqual(golden.integers('prefix_len'))
        expect(answer.prefixTokens + answer.promptTokens).toBe(golden.integers('input_ids').length)
      })
  })
