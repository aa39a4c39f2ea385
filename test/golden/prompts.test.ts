// Prompts that look like special tokens: refused where upstream's assertions refuse them, else the same ids and answers.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Sail } from '../../src/node.ts'
import { shared } from '../support/golden.ts'

interface PromptCase {
  readonly prompt: string
  readonly accepted: boolean
  readonly check?: string
  readonly input_ids?: number[]
  readonly generated_ids?: number[]
}

const file = shared === null ? null : JSON.parse(readFileSync(`${shared}prompts.json`, 'utf8'))
const prompts = (file?.prompts ?? []) as PromptCase[]

describe.skipIf(shared === null)('prompts (skipped without the shared goldens)', () => {
  let sail: Sail
  beforeAll(async () => {
    sail = await Sail.load(`${shared}models/${file.model}`)
  })
  afterAll(() => sail.close())

  test.each(prompts)('$prompt', async ({ prompt, accepted, check, input_ids, generated_ids }) => {
    const question = { image: `${shared}${file.image}`, prompt }
    if (!accepted) {
      const code = check?.includes('<vpatch>') ? 'E_SEQUENCE_PATCH_TOKENS' : 'E_SEQUENCE_VISION_TOKENS'
      return expect(sail.prepare(question)).rejects.toMatchObject({ code })
    }
    expect([...(await sail.prepare(question)).ids]).toEqual(input_ids)
    const { ids } = await sail.ask(question, { maxNewTokens: file.max_new_tokens })
    expect(ids).toEqual(generated_ids)
  })
})
