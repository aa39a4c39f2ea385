// Every tokenizer case of the shared goldens: ids, both decodes, decodes of arbitrary ids, streamed decodes.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { Tokenizer } from '../../src/tokenizer/tokenizer.ts'
import { shared } from '../support/golden.ts'
import { expectCases, type TokenizerCases } from './cases.ts'

const sets = [
  ['tokenizer-mistral', 'tokenizer-mistral', 257],
  ['tokenizer-small', 'models/p14', 221],
  ['tokenizer-noprefix', 'tokenizer-noprefix', 221],
  ['tokenizer-normalized', 'tokenizer-normalized', 221],
] as const

describe.skipIf(shared === null)('shared goldens (skipped where ../shared/golden is absent)', () => {
  for (const [name, folder, count] of sets)
    test(`all cases of ${name} equal Python's`, () => {
      const cases = JSON.parse(readFileSync(`${shared}${name}/cases.json`, 'utf8')) as TokenizerCases
      expect(cases.cases).toHaveLength(count)
      const tokenizer = Tokenizer.fromJson(readFileSync(`${shared}${folder}/tokenizer.json`, 'utf8'), folder)
      expect(tokenizer.vocabSize).toBe(cases.vocab_size)
      expectCases(tokenizer, cases)
    })
})
