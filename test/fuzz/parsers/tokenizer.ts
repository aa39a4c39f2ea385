// tokenizer.json. An accepted file encodes a text of every kind of character to ids below its size, and decodes them, and
// the pieces of a streamed decoding add up to the whole.
import { SailError } from '../../../src/errors.ts'
import { Tokenizer } from '../../../src/tokenizer/tokenizer.ts'
import { tokenizerExtremes } from '../extremes/texts.ts'
import { changeJson } from '../json-text.ts'
import { hold, type Parser } from '../parser.ts'

const kinds = [
  'Sequence',
  'Replace',
  'Prepend',
  'NFC',
  'ByteLevel',
  'ByteFallback',
  'Fuse',
  'Strip',
  'Metaspace',
  'Split',
  'BPE',
  'TemplateProcessing',
]
const words = [
  ...[
    ...kinds,
    'Isolated',
    'Removed',
    'MergedWithNext',
    'Contiguous',
    'a',
    'ab',
    '<s>',
    'vocab',
    'merges',
    'type',
    'id',
    'content',
  ].map((word) => `"${word}"`),
  ...['{"Regex":"(a+)+$"}', '{"String":" "}', '{"String":""}', '"a b"', '["a","b"]', '{"type":"Fuse"}', 'null'],
]
const names = ['corners', 'llama2', 'llama3', 'metaspace', 'prefix-space', 'qwen2', 'smollm2', 'tekken']
const text = "ab  a<s>c\u00e9d \u{1f642}\n1234 \u0301don't </s> aaaaaaaaaaaaaaaa\t"
const small = {
  added_tokens: [{ id: 4, content: '<s>', special: true, normalized: false }],
  normalizer: { type: 'NFC' },
  pre_tokenizer: { type: 'Split', pattern: { String: ' ' }, behavior: 'Isolated', invert: false },
  post_processor: {
    type: 'TemplateProcessing',
    single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
    special_tokens: { '<s>': { id: '<s>', ids: [4], tokens: ['<s>'] } },
  },
  decoder: { type: 'Fuse' },
  model: { type: 'BPE', vocab: { a: 0, b: 1, ab: 2, ' ': 3 }, merges: ['a b'] },
}
const bytes = (json: string): Uint8Array => new TextEncoder().encode(json)

export const tokenizer: Parser = {
  name: 'tokenizer.json',
  // The small file comes as often as all others together: more of its damages matter.
  seeds: (read) => [
    ...names.map((name) => read(`test/fixtures/tokenizer/${name}/tokenizer.json`)),
    ...names.map(() => bytes(JSON.stringify(small))),
  ],
  change: (seed, random) => bytes(changeJson(new TextDecoder().decode(seed), random, words)),
  async run(bytes) {
    const found = Tokenizer.fromJson(bytes, 'tokenizer.json')
    let ids: number[]
    try {
      ids = found.encode(text, { addSpecialTokens: true })
    } catch (error) {
      if (error instanceof SailError) return bytes.length // a text that this vocabulary cannot spell
      throw error
    }
    hold(
      ids.every((id) => Number.isInteger(id) && id >= 0 && id < found.vocabSize),
      'ids below the size',
    )
    const whole = found.decode(ids)
    const stream = found.createStreamDecoder()
    hold(ids.map((id) => stream.push(id)).join('') + stream.flush() === whole, 'a streamed text is the whole')
    return bytes.length
  },
  extremes: tokenizerExtremes,
  codes: /^E_TOKENIZER_[A-Z0-9_]+$/,
}
