// tokenizer.json files that lie: one typed error each, and never an untyped one.
import { afterAll, describe, expect, test } from 'vitest'
import { Tokenizer } from '../../src/tokenizer/tokenizer.ts'
import { countFaults } from '../support/amounts.ts'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
type JsonObject = { [key: string]: Json }

const valid = (): JsonObject => ({
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
})

/** The valid file with other values at the paths given, such as 'model.vocab'. */
function file(changes: Record<string, Json> = {}): string {
  const root = valid()
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split('.')
    const last = keys.pop()!
    const parent = keys.reduce<Json>((node, key) => (node as JsonObject)[key], root)
    ;(parent as JsonObject)[last] = value
  }
  return JSON.stringify(root)
}

const nested = (key: string, type: string, depth: number): Json =>
  depth === 0 ? { type, [key]: [] } : { type, [key]: [nested(key, type, depth - 1)] }

const FORGED = 'model.vocab["a\\nerror: none"]'

const faults: readonly (readonly [string, string, string, string?])[] = [
  ['no JSON', '{"model":', 'E_TOKENIZER_JSON'],
  ['a root that is a list', '[]', 'E_TOKENIZER_FIELD'],
  ['a root that is a string', '"<html>"', 'E_TOKENIZER_FIELD'],
  ['no model', file({ model: null }), 'E_TOKENIZER_FIELD', 'model'],
  ['another model type', file({ 'model.type': 'Unigram' }), 'E_TOKENIZER_MODEL', 'model.type'],
  ['a model type of no text', file({ 'model.type': ['BPE'] }), 'E_TOKENIZER_MODEL', 'model.type'],
  ['a model type with a method of its own', file({ 'model.type': { toString: 1 } }), 'E_TOKENIZER_MODEL', 'model.type'],
  [
    'a merge nested a hundred thousand deep',
    file({ 'model.merges': ['DEEP'] }).replace('"DEEP"', '['.repeat(100_000) + ']'.repeat(100_000)),
    'E_TOKENIZER_DEPTH',
  ],
  ['a name that forges a line', file({ 'model.vocab': { 'a\nerror: none': -1 } }), 'E_TOKENIZER_ID', FORGED],
  ['dropout', file({ 'model.dropout': 0.1 }), 'E_TOKENIZER_OPTION', 'model.dropout'],
  ['a subword prefix', file({ 'model.continuing_subword_prefix': '##' }), 'E_TOKENIZER_OPTION'],
  ['a vocabulary that is a list', file({ 'model.vocab': ['a'] }), 'E_TOKENIZER_FIELD', 'model.vocab'],
  ['an empty vocabulary', file({ 'model.vocab': {}, 'model.merges': [] }), 'E_TOKENIZER_FIELD', 'model.vocab'],
  ['a negative id', file({ 'model.vocab.b': -1 }), 'E_TOKENIZER_ID', 'model.vocab.b'],
  ['a fractional id', file({ 'model.vocab.b': 1.5 }), 'E_TOKENIZER_ID', 'model.vocab.b'],
  ['an id that is a string', file({ 'model.vocab.b': '1' }), 'E_TOKENIZER_ID', 'model.vocab.b'],
  ['a huge id', file({ 'model.vocab.b': 1e15 }), 'E_TOKENIZER_ID', 'model.vocab.b'],
  ['an id twice', file({ 'model.vocab.b': 0 }), 'E_TOKENIZER_ID_TWICE', 'model.vocab'],
  ['a gap between ids', file({ 'model.vocab.b': 9 }), 'E_TOKENIZER_ID_GAP', 'model'],
  ['a merge of an unknown piece', file({ 'model.merges': ['a c'] }), 'E_TOKENIZER_MERGE', 'model.merges'],
  ['a merge to an unknown piece', file({ 'model.merges': ['b a'] }), 'E_TOKENIZER_MERGE'],
  ['a merge of one piece', file({ 'model.merges': ['ab'] }), 'E_TOKENIZER_MERGE'],
  ['a merge of three pieces', file({ 'model.merges': [['a', 'b', 'a']] }), 'E_TOKENIZER_MERGE'],
  ['a merge that is a number', file({ 'model.merges': [7] }), 'E_TOKENIZER_MERGE'],
  ['a merge with a method of objects', file({ 'model.merges': ['constructor toString'] }), 'E_TOKENIZER_MERGE'],
  ['merges that are no list', file({ 'model.merges': 'a b' }), 'E_TOKENIZER_FIELD', 'model.merges'],
  ['an added token with a wrong id', file({ added_tokens: [{ id: 7, content: '<s>' }] }), 'E_TOKENIZER_ADDED'],
  ['an added token with the id of another', file({ added_tokens: [{ id: 0, content: '<s>' }] }), 'E_TOKENIZER_ADDED'],
  ['an empty added token', file({ added_tokens: [{ id: 4, content: '' }] }), 'E_TOKENIZER_FIELD'],
  ['a very long added token', file({ added_tokens: [{ id: 4, content: 'x'.repeat(9999) }] }), 'E_TOKENIZER_FIELD'],
  ['an unpaired surrogate', file({ added_tokens: [{ id: 4, content: '\uD800' }] }), 'E_TOKENIZER_JSON'],
  ['a repeated piece', file().replace('"b":1', '"a":1'), 'E_TOKENIZER_DUPLICATE'],
  ['a second model', `${file().slice(0, -1)},"model":{}}`, 'E_TOKENIZER_DUPLICATE'],
  ['a piece again by an escape', file().replace('"b":1', '"\\u0061":1'), 'E_TOKENIZER_DUPLICATE'],
  ['an id that a number cannot hold', file().replace('"b":1', '"b":9007199254740993'), 'E_TOKENIZER_NUMBER'],
  ['an unknown normalizer', file({ normalizer: { type: 'Lowercase' } }), 'E_TOKENIZER_NORMALIZER', 'normalizer.type'],
  [
    'a regular expression to replace by',
    file({ normalizer: { type: 'Replace', pattern: { Regex: '(a+)+$' }, content: '' } }),
    'E_TOKENIZER_REGEX',
    'normalizer.pattern',
  ],
  [
    'a regular expression to split by',
    file({ 'pre_tokenizer.pattern': { Regex: '(a+)+$' } }),
    'E_TOKENIZER_REGEX',
    'pre_tokenizer.pattern.Regex',
  ],
  ['an unknown split behavior', file({ 'pre_tokenizer.behavior': 'toString' }), 'E_TOKENIZER_FIELD'],
  ['an unknown pre-tokenizer', file({ pre_tokenizer: { type: 'BertPreTokenizer' } }), 'E_TOKENIZER_PRE_TOKENIZER'],
  ['an unknown decoder', file({ decoder: { type: 'WordPiece' } }), 'E_TOKENIZER_DECODER', 'decoder.type'],
  [
    'bytes after fusing',
    file({ decoder: { type: 'Sequence', decoders: [{ type: 'Fuse' }, { type: 'ByteFallback' }] } }),
    'E_TOKENIZER_OPTION',
    'decoder.decoders[1].type',
  ],
  ['an unknown post-processor', file({ post_processor: { type: 'Roberta' } }), 'E_TOKENIZER_POST_PROCESSOR'],
  ['a template without the text', file({ 'post_processor.single': [] }), 'E_TOKENIZER_FIELD', 'post_processor.single'],
  [
    'a template with an id past the vocabulary',
    file({ 'post_processor.special_tokens': { '<s>': { ids: [5] } } }),
    'E_TOKENIZER_FIELD',
    'post_processor.special_tokens.<s>.ids[0]',
  ],
  ['normalizers nested too deep', file({ normalizer: nested('normalizers', 'Sequence', 9) }), 'E_TOKENIZER_FIELD'],
  ['decoders nested too deep', file({ decoder: nested('decoders', 'Sequence', 9) }), 'E_TOKENIZER_FIELD'],
]

afterAll(() =>
  countFaults(
    'tokenizer.json',
    faults.map(([what, wanted, text]) => [what, wanted, [text]]),
  ),
)

const code = (name: string) => expect.objectContaining({ name: 'SailError', code: name })

describe('a tokenizer.json that lies', () => {
  test('the file that the others are made from is right', () => {
    const tokenizer = Tokenizer.fromJson(file(), 't.json')
    expect(tokenizer.encode('ab a<s>')).toEqual([2, 3, 0, 4])
    expect(tokenizer.encode('ab', { addSpecialTokens: true })).toEqual([4, 2])
  })

  for (const [what, text, expected, place] of faults)
    test(`${what} is ${expected}`, () => {
      const load = () => Tokenizer.fromJson(text, 't.json')
      expect(load).toThrow(code(expected))
      expect(load).toThrow(expect.objectContaining({ file: 't.json', ...(place === undefined ? {} : { place }) }))
    })

  test('pieces may be called like methods of objects', () => {
    const vocab = JSON.parse('{"__proto__":0,"constructor":1,"hasOwnProperty":2,"a":3}') as JsonObject
    const changes = { 'model.vocab': vocab, 'model.merges': [], 'model.ignore_merges': true }
    const tokenizer = Tokenizer.fromJson(file(changes), 't.json')
    expect(tokenizer.encode('__proto__ constructor hasOwnProperty')).toEqual([0, 1, 2])
    expect(() => tokenizer.tokenId('toString')).toThrow(code('E_TOKENIZER_NO_TOKEN'))
  })

  test('steps that make a text huge are stopped before they do', () => {
    const list = (step: Json): Json[] => Array.from({ length: 30 }, () => step)
    const double: Json = { type: 'Replace', pattern: { String: 'a' }, content: 'aa' }
    const files = [
      file({ normalizer: { type: 'Sequence', normalizers: list(double) } }),
      file({ normalizer: { type: 'Replace', pattern: { String: 'a' }, content: 'a'.repeat(5000) } }),
      file({ pre_tokenizer: { type: 'Sequence', pretokenizers: list({ type: 'ByteLevel' }) } }),
      file({ decoder: { type: 'Sequence', decoders: list(double) } }),
    ]
    for (const text of files) {
      const tokenizer = Tokenizer.fromJson(text, 't.json')
      expect(() => tokenizer.decode(tokenizer.encode('\u00e9 a'))).toThrow(code('E_TOKENIZER_TEXT_SIZE'))
    }
  })
})

describe('bad calls', () => {
  const tokenizer = Tokenizer.fromJson(file(), 't.json')

  test('an unpaired surrogate in a text is refused, as Python does', () => {
    expect(() => tokenizer.encode('a\uD83D')).toThrow(code('E_TOKENIZER_SURROGATE'))
    expect(() => tokenizer.encode('\uDE42a')).toThrow(code('E_TOKENIZER_SURROGATE'))
  })

  test('what is no id is refused; ids past the vocabulary are nothing, as in Python', () => {
    for (const id of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => tokenizer.decode([id])).toThrow(code('E_TOKENIZER_ID'))
    expect(tokenizer.decode([0, 99, 1])).toBe('ab')
    expect(() => tokenizer.pieces([99])).toThrow(code('E_TOKENIZER_ID'))
  })

  test('a character without a piece is dropped, or needs the unknown token to be one', () => {
    expect(tokenizer.encode('axb')).toEqual([2])
    const unknown = Tokenizer.fromJson(file({ 'model.unk_token': '<unk>' }), 't.json')
    expect(() => unknown.encode('x')).toThrow(code('E_TOKENIZER_UNKNOWN'))
  })
})
