// The `normalizer` of tokenizer.json: text -> text before it is cut. Llama's arrangement puts "▁" in front and writes
// every space as "▁" (Prepend, Replace); Qwen composes characters (NFC). Each part between added tokens is normalised
// on its own, so each gets its own "▁".
// Source: tokenizers 0.19.1, normalizers/.
import type { JsonAt } from './json-at.ts'
import { MAX_DEPTH, MAX_PARTS, MAX_TEXT, mostUnits, sized } from './limits.ts'
import { notComposed } from './old-unicode.ts'

export type Normalizer = (text: string) => string

/** One step, which makes at most `most` UTF-16 units. */
type Step = (text: string, most: number) => string

/** @throws SailError E_TOKENIZER_NORMALIZER for a kind that is not known, E_TOKENIZER_REGEX for a pattern of the file */
export function readNormalizer(part: JsonAt): Normalizer {
  const step = readStep(part, 0)
  return (text) => step(text, mostUnits(text.length))
}

function readStep(part: JsonAt, depth: number): Step {
  if (part.isNull) return (text) => text
  const type = part.get('type')
  switch (type.value) {
    case 'Sequence':
      return sequence(part.get('normalizers'), depth)
    case 'Prepend': {
      const prefix = part.get('prepend').string(0, MAX_TEXT)
      return (text, most) => (text === '' ? '' : sized(prefix.length + text.length, most) && prefix + text)
    }
    case 'Replace':
      return readReplace(part)
    case 'NFC':
      return nfc
    default:
      throw type.fault('E_TOKENIZER_NORMALIZER', 'Sequence, Prepend, Replace or NFC', type.shown)
  }
}

function sequence(list: JsonAt, depth: number): Step {
  if (depth >= MAX_DEPTH) throw list.not(`at most ${MAX_DEPTH} Sequences inside one another`, 'more')
  const parts = list.array(MAX_PARTS).map((part) => readStep(part, depth + 1))
  return (text, most) => parts.reduce((t, part) => part(t, most), text)
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
export function readReplace(part: JsonAt): Step {
  const pattern = part.get('pattern')
  if (!pattern.get('Regex').isNull)
    throw pattern.fault('E_TOKENIZER_REGEX', 'a String pattern', `the Regex ${pattern.get('Regex').shown}`)
  const from = pattern.get('String').string(1, MAX_TEXT)
  const to = part.get('content').string(0, MAX_TEXT)
  return (text, most) => {
    const pieces = text.split(from)
    return sized(text.length + (pieces.length - 1) * (to.length - from.length), most) && pieces.join(to)
  }
}
