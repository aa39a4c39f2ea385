// Small tokenizers in the arrangements of Hugging Face checkpoints, against what Python's tokenizers 0.19.1 answered
// (test/fixtures/tokenizer/make.py).
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { Tokenizer } from '../../src/tokenizer/tokenizer.ts'
import { expectCases, type TokenizerCases } from './cases.ts'

const folder = new URL('../fixtures/tokenizer/', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, folder), 'utf8')
const load = (name: string): Tokenizer => Tokenizer.fromJson(read(`${name}/tokenizer.json`), name)
const names = readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))

describe('small tokenizers', () => {
  test('there are eight', () => expect(names).toHaveLength(8))

  for (const name of names)
    test(`all cases of ${name} equal Python's`, () => {
      const cases = JSON.parse(read(`${name}/cases.json`)) as TokenizerCases
      const tokenizer = load(name)
      expect(tokenizer.vocabSize).toBe(cases.vocab_size)
      expectCases(tokenizer, cases)
    })
})

describe('streaming', () => {
  test('a run of byte tokens comes as a whole, since a wrong byte would spoil all of it', () => {
    const tokenizer = load('llama2')
    const stream = tokenizer.createStreamDecoder()
    const euro = [0xe2, 0x82, 0xac].map((byte) => tokenizer.tokenId(`<0x${byte.toString(16).toUpperCase()}>`))
    const a = tokenizer.tokenId('a')
    expect([...euro, ...euro, a].map((id) => stream.push(id))).toEqual(['', '', '', '', '', '', '€€a'])
    expect(stream.push(euro[0])).toBe('')
    expect(stream.flush()).toBe('\uFFFD')
  })

  test('bytes of an unfinished character are held back in a byte-level tokenizer', () => {
    const tokenizer = load('tekken')
    const ids = tokenizer.encode('a🙂b')
    const stream = tokenizer.createStreamDecoder()
    const pieces = ids.map((id) => stream.push(id))
    expect(pieces.join('') + stream.flush()).toBe('a🙂b')
    for (const piece of pieces) expect(piece).not.toMatch(/\uFFFD/)
    expect(pieces).toContain('🙂')
  })

  test('special tokens are left out, or not', () => {
    const tokenizer = load('smollm2')
    const ids = tokenizer.encode('a<|im_end|>b')
    expect(tokenizer.decode(ids)).toBe('ab')
    expect(tokenizer.decode(ids, { skipSpecialTokens: false })).toBe('a<|im_end|>b')
    expect(tokenizer.specialIds).toContain(tokenizer.tokenId('<|im_end|>'))
  })
})

describe('a tokenizer', () => {
  test('names pieces as they stand in the file', () => {
    const tokenizer = load('llama2')
    expect(tokenizer.pieces(tokenizer.encode('the image'))).toEqual(['▁the', '▁ima', 'ge'])
  })

  test('takes long texts without words, with words and with added tokens', () => {
    const llama = load('llama2')
    const text = 'the number of red circles in it. '.repeat(4000)
    expect(llama.decode(llama.encode(text))).toBe(text)
    const same = 'e'.repeat(100_000)
    for (const name of names) {
      const tokenizer = load(name)
      expect(tokenizer.decode(tokenizer.encode(same)).trimStart()).toBe(same)
    }
    const many = '[R]<tool>  '.repeat(20_000)
    expect(load('qwen2').encode(many)).toHaveLength(40_000)
  }, 60_000)

  test('decodes nothing to nothing, and a byte order mark to itself', () => {
    for (const name of names) expect(load(name).decode([])).toBe('')
    const tokenizer = load('smollm2')
    expect(tokenizer.decode(tokenizer.encode('\uFEFFa'))).toBe('\uFEFFa')
  })
})
