// The `normalizer` of tokenizer.json: text -> text before it is cut. Llama's arrangement puts "▁" in front and writes
// every space as "▁" (Prepend, Replace); Qwen composes characters (NFC). Each part between added tokens is normalised
// on its own, so each gets its own "▁".
// Source: tokenizers 0.19.1, normalizers/.
import { SailError } from '../errors.ts'
import type { JsonAt } from './json-at.ts'
import { MAX_DEPTH, MAX_PARTS, MAX_TEXT } from './limits.ts'
import { notComposed } from './old-unicode.ts'

export type Normalizer = (text: string) => string

/** @throws SailError E_TOKENIZER_NORMALIZER for a kind that is not known, E_TOKENIZER_REGEX for a pattern of the file */
export function readNormalizer(part: JsonAt, depth = 0): Normalizer {
  if (part.isNull) return (text) => text
  const type = part.get('type')
  switch (type.value) {
    case 'Sequence':
      return sequence(part.get('normalizers'), depth)
    case 'Prepend': {
      const prefix = part.get('prepend').string(0, MAX_TEXT)
      return (text) => (text === '' ? '' : sized(prefix.length + text.length) && prefix + text)
    }
    case 'Replace':
      return readReplace(part)
    case 'NFC':
      return nfc
    default:
      throw type.fault('E_TOKENIZER_NORMALIZER', 'Sequence, Prepend, Replace or NFC', type.shown)
  }
}

function sequence(list: JsonAt, depth: number): Normalizer {
  if (depth >= MAX_DEPTH) throw list.not(`at most ${MAX_DEPTH} Sequences inside one another`, 'more')
  const parts = list.array(MAX_PARTS).map((part) => readNormalizer(part, depth + 1))
  return (text) => parts.reduce((t, part) => part(t), text)
}

const notComposedRun = new RegExp(`(${notComposed}+)`, 'v')

/** Composed characters; those that are not known here stay as they are and keep their neighbours apart. */
function nfc(text: string): string {
  return text
    .split(notComposedRun)
    .map((part, i) => (i % 2 === 0 ? part.normalize('NFC') : part))
    .join('')
}

/** Replace with a plain string as its pattern; also a decoder. */
export function readReplace(part: JsonAt): Normalizer {
  const pattern = part.get('pattern')
  if (!pattern.get('Regex').isNull)
    throw pattern.fault('E_TOKENIZER_REGEX', 'a String pattern', `the Regex ${pattern.get('Regex').shown}`)
  const from = pattern.get('String').string(1, MAX_TEXT)
  const to = part.get('content').string(0, MAX_TEXT)
  return (text) => {
    const pieces = text.split(from)
    return sized(text.length + (pieces.length - 1) * (to.length - from.length)) && pieces.join(to)
  }
}

/** Refuses a text before it is made too long; true otherwise. */
function sized(length: number): true {
  if (length <= MAX_TEXT) return true
  throw new SailError('E_TOKENIZER_TEXT_SIZE', {
    place: 'normalised text',
    expected: `at most ${MAX_TEXT} characters`,
    found: `${length}`,
  })
}
