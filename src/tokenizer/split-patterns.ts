// The regular expressions that may cut a text into words. A pattern that a file brings is never compiled (one like
// (a+)+$ stalls any backtracking engine): it is looked up here, and what is not here is refused. Each is written again
// for this engine's flag v: \s is the property White_Space, letters and numbers are those of Unicode 14, and
// case-insensitive parts are spelled out.
import { unicode14 } from './old-unicode.ts'

const space = '\\p{White_Space}'
const [L, N] = [unicode14('L'), unicode14('N')]
const [Lu, Lt, Lm, Lo, Ll, M] = ['Lu', 'Lt', 'Lm', 'Lo', 'Ll', 'M'].map(unicode14)
const upper = `[${Lu}${Lt}${Lm}${Lo}${M}]`
const lower = `[${Ll}${Lm}${Lo}${M}]`
/** `[^\s\p{L}\p{N}]` and `[^\r\n\p{L}\p{N}]`. */
const symbol = `[^${space}${L}${N}]`
const lead = `[^\\r\\n${L}${N}]`
const blanks = `${space}*[\\r\\n]+|${space}+(?![^${space}])|${space}+`
/** `(?i:'s|'t|'re|'ve|'m|'ll|'d)`; the long s folds to s. */
const contraction = "'(?:[sSſ]|[tT]|[rR][eE]|[vV][eE]|[mM]|[lL][lL]|[dD])"

/** GPT-2's words; also what the ByteLevel pre-tokenizer cuts by. Source: openai/gpt-2, src/encoder.py. */
export const GPT2 = `'s|'t|'re|'ve|'m|'ll|'d| ?${L}+| ?${N}+| ?${symbol}+|${space}+(?![^${space}])|${space}+`

const known: ReadonlyMap<string, string> = new Map([
  ["'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+", GPT2],
  [
    // Llama 3
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
    `${contraction}|${lead}?${L}+|${N}{1,3}| ?${symbol}+[\\r\\n]*|${blanks}`,
  ],
  [
    // Qwen 2
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
    `${contraction}|${lead}?${L}+|${N}| ?${symbol}+[\\r\\n]*|${blanks}`,
  ],
  [
    // Mistral's Tekken
    '[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+',
    `${lead}?${upper}*${lower}+|${lead}?${upper}+${lower}*|${N}| ?${symbol}+[\\r\\n\\/]*|${blanks}`,
  ],
])

/** The pattern of a file as a regular expression of this engine; undefined when it is not on the list. */
export function knownPattern(pattern: string): RegExp | undefined {
  const source = known.get(pattern)
  return source === undefined ? undefined : new RegExp(source, 'gv')
}
