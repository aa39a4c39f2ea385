// Every case and every prompt of the shared goldens: ids, patch numbers, positions, masks, prefix length, and which
// prompts upstream refuses.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { families } from '../../src/config/family.ts'
import { maskTensor, sequenceMask } from '../../src/sequence/mask.ts'
import { planPasses } from '../../src/sequence/passes.ts'
import { buildSequence, type Sequence } from '../../src/sequence/sequence.ts'
import { Tokenizer } from '../../src/tokenizer/tokenizer.ts'
import { shared } from '../support/golden.ts'
import { readIntegers } from './read-integers.ts'

const family = families.sail
const cases = [
  'p14-landscape.f32',
  'p14-portrait.f32',
  'p14-square.f32',
  'p14-wide.f32',
  'p14-onepixel.f32',
  'p14-long.f32',
  'p32-landscape.f32',
  'p32-portrait.f32',
]

function ask(tokenizer: Tokenizer, grid: readonly [number, number], prompt: string): Sequence {
  const encode = tokenizer.encode.bind(tokenizer)
  return buildSequence({ family, encode, tokenId: (name) => tokenizer.tokenId(name), grid, prompt, raw: false })
}

const tokenizerOf = (model: string): Tokenizer =>
  Tokenizer.fromJson(readFileSync(`${shared}models/${model}/tokenizer.json`, 'utf8'), model)

describe.skipIf(shared === null)('shared goldens (skipped where ../shared/golden is absent)', () => {
  for (const name of cases)
    test(`the sequence of ${name} is upstream's`, () => {
      const { tensors, metadata } = readIntegers(`${shared}cases/${name}.safetensors`)
      const config = JSON.parse(readFileSync(`${shared}models/${metadata.model}/config.json`, 'utf8'))
      const [GH, GW] = tensors.get('grid')!
      const sequence = ask(tokenizerOf(metadata.model), [GH, GW], metadata.prompt)
      const T = sequence.ids.length
      expect([...sequence.ids]).toEqual(tensors.get('input_ids'))
      expect([...sequence.positions]).toEqual(tensors.get('position_ids'))
      expect([sequence.prefixLength]).toEqual(tensors.get('prefix_len'))
      expect(sequence.nextPosition).toBe(Math.max(...sequence.positions) + 1)
      const [prefix, text] = planPasses(family, sequence, config.sliding_window)
      expect([prefix.name, prefix.from, prefix.to, text.name, text.from, text.to]).toEqual([
        'prefix',
        0,
        sequence.prefixLength,
        'text',
        sequence.prefixLength,
        T,
      ])
      if (name === 'p14-long.f32') return // a light case holds no more
      expect([...sequence.patchIndices]).toEqual(tensors.get('vision_patch_indices'))
      expect([...sequenceMask(T, sequence.prefixLength).data]).toEqual(tensors.get('mask'))
      for (const { name: pass, from, to, mask } of [prefix, text])
        expect([...maskTensor(mask, to - from, to).data]).toEqual(tensors.get(`${pass}.mask`))
    })

  test('prompts that look like special tokens are refused or accepted as upstream does', () => {
    const { prompts } = JSON.parse(readFileSync(`${shared}prompts.json`, 'utf8')) as {
      prompts: { prompt: string; accepted: boolean; check?: string; input_ids?: number[] }[]
    }
    const tokenizer = tokenizerOf('p14')
    const codes: Record<string, string> = {
      'count of <vpatch> ids': 'E_SEQUENCE_PATCH_TOKENS',
      'count of ids >= <vision>': 'E_SEQUENCE_VISION_TOKENS',
    }
    for (const { prompt, accepted, check, input_ids: ids } of prompts)
      if (accepted) expect([...ask(tokenizer, [1, 1], prompt).ids], prompt).toEqual(ids)
      else
        expect(() => ask(tokenizer, [1, 1], prompt), prompt).toThrow(expect.objectContaining({ code: codes[check!] }))
  })
})
