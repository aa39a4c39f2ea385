import { readFileSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import type { ModelConfig } from '../../src/config/model-config.ts'
import { parseConfig } from '../../src/config/parse.ts'
import { SailError } from '../../src/errors.ts'
import { countFaults } from '../support/amounts.ts'
import { shared } from '../support/golden.ts'
import { configText } from './configs.ts'
import { hostile } from './hostile.ts'

const read = (config: string, generation: string | null = null, hasVisEmbed = true): ModelConfig =>
  parseConfig({ config, generation, hasVisEmbed, file: 'm/config.json' })
const parse = (changes: Record<string, unknown> = {}, hasVisEmbed = true): ModelConfig =>
  read(configText(changes), null, hasVisEmbed)

function code(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof SailError) return error.code
    throw error
  }
  return 'accepted'
}

const llama = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  sliding_window: undefined,
  vision_patch_size: undefined,
}
const mistral = { architectures: ['MistralForCausalLM'], vision_patch_size: undefined }

afterAll(() => countFaults('config.json', hostile))

describe('parseConfig', () => {
  for (const [what, expected, changes] of hostile) {
    test(`refuses ${what}`, () => {
      for (const change of changes)
        expect(
          code(() => parse(change)),
          JSON.stringify(change),
        ).toBe(expected)
    })
  }

  test('refuses what is no JSON object', () => {
    for (const text of ['', '[]', 'null', '{', '{"a":1,}']) expect(code(() => read(text))).toBe('E_CONFIG_JSON')
    expect(code(() => read(`{"hidden_size":16,${configText().slice(1)}`))).toBe('E_CONFIG_DUPLICATE')
    expect(code(() => read(configText({ x: Array(20).reduce((inner) => [inner], 1) })))).toBe('accepted')
    expect(code(() => read(`{"x":${'['.repeat(20)}`))).toBe('E_CONFIG_DEPTH')
    expect(code(() => read(`{"x":${'9'.repeat(20)}}`))).toBe('E_CONFIG_NUMBER')
    expect(code(() => read(' '.repeat(2 ** 20 + 1)))).toBe('E_CONFIG_SIZE')
  })

  test('gives what the file says', () => {
    expect(
      parse({ sliding_window: 24, tie_word_embeddings: true, attention_bias: true, eos_token_id: [2, 3, 2] }),
    ).toMatchObject({
      family: { name: 'sail' },
      dims: { D: 16, L: 2, H: 2, G: 1, E: 8, F: 24, V: 10 },
      patchSize: 2,
      rmsNormEps: 1e-5,
      ropeTheta: 10000,
      ropeSections: [0, 2, 2],
      slidingWindow: 24,
      maxPositions: 512,
      tied: true,
      bias: { q: true, k: true, v: true, o: true },
      eosIds: [2, 3],
    })
  })

  test("fills in SAIL's defaults", () => {
    const missing = {
      sliding_window: undefined,
      rms_norm_eps: undefined,
      rope_theta: undefined,
      max_position_embeddings: undefined,
      eos_token_id: undefined,
      tie_word_embeddings: undefined,
      hidden_act: undefined,
    }
    expect(
      parse({ ...missing, num_attention_heads: 8, hidden_size: 64, num_key_value_heads: undefined }),
    ).toMatchObject({
      slidingWindow: 4096,
      rmsNormEps: 1e-6,
      ropeTheta: 10000,
      maxPositions: 131072,
      eosIds: [2],
      tied: false,
      dims: { G: 8 },
    })
    expect(parse({ num_key_value_heads: null }).dims.G).toBe(2)
  })

  test("fills in Llama's and Mistral's defaults for text", () => {
    const missing = {
      num_key_value_heads: undefined,
      rms_norm_eps: undefined,
      max_position_embeddings: undefined,
      sliding_window: undefined,
    }
    expect(parse({ ...llama, ...missing }, false)).toMatchObject({
      family: { name: 'text' },
      patchSize: null,
      slidingWindow: null,
      maxPositions: 2048,
      dims: { G: 2 },
      ropeSections: [4, 0, 0],
    })
    expect(parse({ ...mistral, ...missing, num_attention_heads: 8, hidden_size: 64 }, false)).toMatchObject({
      family: { name: 'mistral' },
      patchSize: null,
      slidingWindow: 4096,
      dims: { G: 8 },
      ropeSections: [4, 0, 0],
    })
    expect(code(() => parse({ ...llama, sliding_window: 4 }, false))).toBe('E_CONFIG_UNSUPPORTED')
    expect(parse({ ...llama, sliding_window: null }, false).slidingWindow).toBe(null)
  })

  test('takes a SAIL checkpoint without a patch embedding for text, with or without a patch size', () => {
    expect(parse({}, false).patchSize).toBe(null)
    expect(parse({ vision_patch_size: undefined }, false).patchSize).toBe(null)
  })

  test('needs model_type or architectures, not both', () => {
    expect(parse({ architectures: undefined }).family.name).toBe('sail')
    expect(parse({ model_type: undefined }).family.name).toBe('sail')
  })

  test('takes a head size of its own, and sections of its own', () => {
    expect(parse({ head_dim: 12, num_attention_heads: 3, num_key_value_heads: 3 }).dims).toMatchObject({ E: 12, H: 3 })
    expect(parse({ head_dim: null }).dims.E).toBe(8)
    expect(parse({ mrope_section: [1, 2, 1] }).ropeSections).toEqual([1, 2, 1])
    expect(parse({ rope_parameters: { rope_type: 'default', rope_theta: 5e5 }, rope_theta: undefined }).ropeTheta).toBe(
      5e5,
    )
    expect(parse({ rope_scaling: null }).ropeTheta).toBe(10000)
  })

  test('takes eos from generation_config.json when it exists, and only then not from config.json', () => {
    const eos = (generation: string | null): readonly number[] =>
      read(configText({ eos_token_id: 5 }), generation).eosIds
    expect(eos(null)).toEqual([5])
    expect(eos('{"eos_token_id": 3}')).toEqual([3])
    expect(eos('{"eos_token_id": [3, 4]}')).toEqual([3, 4])
    expect(eos('{"temperature": 0.5}')).toEqual([])
    expect(eos('{"eos_token_id": null}')).toEqual([])
    expect(eos('{"eos_token_id": []}')).toEqual([])
    expect(read(configText({ eos_token_id: null })).eosIds).toEqual([])
    expect(code(() => eos('{"eos_token_id": 10}'))).toBe('E_CONFIG_EOS')
    expect(code(() => eos('[]'))).toBe('E_CONFIG_JSON')
  })

  test('names file, key, expectation and finding', () => {
    expect(() => parse({ hidden_size: '16' })).toThrow(
      'm/config.json, hidden_size: expected an integer in 1 .. 131072, found "16"',
    )
    expect(() => read(configText(), '{"eos_token_id":"x"}')).toThrow('m/generation_config.json, eos_token_id')
  })
})

describe.skipIf(shared === null)('parseConfig on the shared models (skipped without ../shared/golden)', () => {
  const model = (name: string): ModelConfig => {
    const text = (file: string): string => readFileSync(`${shared}models/${name}/${file}`, 'utf8')
    return parseConfig({
      config: text('config.json'),
      generation: text('generation_config.json'),
      hasVisEmbed: true,
      file: name,
    })
  }

  test('reads p14 and p32-window as FORMAT.md tables them', () => {
    expect(model('p14')).toMatchObject({
      dims: { D: 256, H: 2, G: 1, E: 128, F: 640, L: 3, V: 622 },
      patchSize: 14,
      rmsNormEps: 1e-5,
      ropeTheta: 10000,
      slidingWindow: null,
      ropeSections: [0, 32, 32],
      eosIds: [2],
      tied: false,
    })
    for (const name of ['p32-window', 'p32-window-bin']) {
      expect(model(name)).toMatchObject({
        dims: { D: 256, H: 2, G: 2, E: 128, F: 512, L: 2, V: 622 },
        patchSize: 32,
        rmsNormEps: 1e-6,
        slidingWindow: 24,
      })
    }
  })
})
