// The `pre_tokenizer` of tokenizer.json: a normalised text -> the words that BPE works on, one by one. Byte-level
// tokenizers cut by a regular expression and then write each word in the byte alphabet; Metaspace writes spaces as "▁".
// Source: tokenizers 0.19.1, pre_tokenizers/.
import { quote } from '../config/quote.ts'
import { toByteChars } from './byte-alphabet.ts'
import type { JsonAt } from './json-at.ts'
import { MAX_DEPTH, MAX_PARTS, mostUnits, sized } from './limits.ts'
import { numeric } from './old-unicode.ts'
import { cut, readBehavior } from './split.ts'
import { GPT2, knownPattern } from './split-patterns.ts'

/** @param first whether the text stands at the very start of what is encoded */
export type PreTokenizer = (text: string, first: boolean) => string[]

/** @throws SailError E_TOKENIZER_PRE_TOKENIZER for a kind that is not known, E_TOKENIZER_REGEX for a pattern that is not */
export function readPreTokenizer(part: JsonAt, depth = 0): PreTokenizer {
  if (part.isNull) return (text) => [text]
  const type = part.get('type')
  switch (type.value) {
    case 'Sequence':
      return readSequence(part.get('pretokenizers'), depth)
    case 'ByteLevel':
      return readByteLevel(part)
    case 'Digits': {
      const behavior = part.get('individual_digits').boolean(false) ? 'Isolated' : 'Contiguous'
      const digit = new RegExp(numeric, 'gv')
      return (text) => cut(text, digit, behavior, false)
    }
    case 'Split':
      return readSplit(part)
    case 'Metaspace':
      return readMetaspace(part)
    default:
      throw type.fault('E_TOKENIZER_PRE_TOKENIZER', 'Sequence, ByteLevel, Digits, Split or Metaspace', type.shown)
  }
}

function readSequence(list: JsonAt, depth: number): PreTokenizer {
  if (depth >= MAX_DEPTH) throw list.not(`at most ${MAX_DEPTH} Sequences inside one another`, 'more')
  const parts = list.array(MAX_PARTS).map((part) => readPreTokenizer(part, depth + 1))
  return (text, first) => {
    const most = mostUnits(text.length)
    return parts.reduce<string[]>(
      (words, part) => {
        const made = words.flatMap((word, i) => part(word, first && i === 0))
        sized(
          made.reduce((sum, word) => sum + word.length, 0),
          most,
        )
        return made
      },
      [text],
    )
  }
}

function readByteLevel(part: JsonAt): PreTokenizer {
  const prefixed = part.get('add_prefix_space').boolean(true)
  const words = part.get('use_regex').boolean(true) ? new RegExp(GPT2, 'gv') : null
  return (text) => {
    const spaced = prefixed && !text.startsWith(' ') ? ` ${text}` : text
    return (words === null ? [spaced] : cut(spaced, words, 'Isolated', false)).map(toByteChars)
  }
}

function readSplit(part: JsonAt): PreTokenizer {
  const pattern = part.get('pattern')
  const behavior = readBehavior(part.get('behavior'))
  const invert = part.get('invert').boolean(false)
  const words = pattern.get('Regex').isNull ? literal(pattern.get('String')) : readRegex(pattern.get('Regex'))
  return (text) => cut(text, words, behavior, invert)
}

function readRegex(place: JsonAt): RegExp {
  const source = place.string(1, 4096)
  const found = knownPattern(source)
  if (found !== undefined) return found
  throw place.fault('E_TOKENIZER_REGEX', 'a pattern of the allow-list (GPT-2, Llama 3, Qwen 2, Tekken)', quote(source))
}

function literal(place: JsonAt): RegExp {
  return new RegExp(place.string(1, 64).replace(/[$()*+./?[\\\]^{|}]/g, '\\$&'), 'gu')
}

function readMetaspace(part: JsonAt): PreTokenizer {
  const { mark, prepend } = readMetaspaceMark(part)
  const split = part.get('split').boolean(true)
  const marks = literal(part.get('replacement'))
  return (text, first) => {
    const marked = text.replaceAll(' ', mark)
    const prefix = !marked.startsWith(mark) && (prepend === 'always' || (prepend === 'first' && first)) ? mark : ''
    return split ? cut(prefix + marked, marks, 'MergedWithNext', false) : [prefix + marked]
  }
}

/** The fields that Metaspace has as a pre-tokenizer and as a decoder. */
export function readMetaspaceMark(part: JsonAt): { readonly mark: string; readonly prepend: string } {
  const mark = part.get('replacement').string(1, 2)
  if ([...mark].length !== 1) throw part.get('replacement').not('one character')
  const scheme = part.get('prepend_scheme')
  const prepend = scheme.value === undefined ? 'always' : scheme.value
  if (prepend !== 'always' && prepend !== 'first' && prepend !== 'never') throw scheme.not('always, first or never')
  if (!part.get('add_prefix_space').boolean(true) && prepend !== 'never')
    throw scheme.not('never, as add_prefix_space is false')
  return { mark, prepend }
}
