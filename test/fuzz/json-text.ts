// Changes to a JSON text by its tokens, so that the result is mostly still JSON: keys repeated, values of another kind,
// numbers beyond what a double or an integer holds, nesting, names that objects own.
import type { Random } from './random.ts'

const token = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|[a-z]+|\s+|[\s\S]/g

const numbers = ['0', '1', '-1', '2', '3', '7', '255', '65536', '1.5', '1e3', '-0', '1e400', '01', '2147483648']
const large = ['9007199254740991', '9007199254740992', '18446744073709551616', '1e308']
const strings = ['""', '"__proto__"', '"constructor"', '"\\ud800"', '"a\\u0000b"', '"\\u001b[31m"', '"../x"', '"x y"']
const others = [
  'null',
  'true',
  'false',
  '[]',
  '{}',
  '[[[[[[[[[]]]]]]]]]',
  '{"a":{"a":{"a":{}}}}',
  '[1,2]',
  '{"type":"x"}',
]
const odd = [...numbers, ...large, ...strings, ...others]

/** 1 to 3 changes. @param words JSON texts that mean something in the format */
export function changeJson(text: string, random: Random, words: readonly string[]): string {
  const tokens = text.match(token) ?? []
  for (let n = 1 + random.below(1 + random.below(3)); n > 0 && tokens.length > 0; n--) change(tokens, random, words)
  return tokens.join('')
}

function change(tokens: string[], random: Random, words: readonly string[]): void {
  const at = random.below(tokens.length)
  const old = tokens[at]
  switch (random.below(9)) {
    case 0:
    case 1:
      tokens[at] = random.pick(odd)
      return
    case 2:
      tokens[at] = random.pick(words)
      return
    case 3: // a token of the same kind from elsewhere: a repeated key, another's shape
      tokens[at] = random.pick(tokens.filter((other) => other[0] === old[0]))
      return
    case 4:
      tokens.splice(at, 1 + random.below(6))
      return
    case 5:
      tokens.splice(at, 0, ...tokens.slice(at, at + 1 + random.below(24)))
      return
    case 6:
      tokens.splice(at, 0, ...tokens.slice(random.below(tokens.length)).slice(0, 1 + random.below(8)))
      return
    case 7:
      tokens[at] = /^-?\d+$/.test(old) ? String(BigInt(old) + BigInt(random.below(7) - 3)) : `[${old}]`
      return
    default: // within the token: escapes, quotes, digits
      tokens[at] =
        old.slice(0, random.below(old.length + 1)) +
        random.pick([...'"\\{}[]:,0-9aeE.\u00e9\u{1f642}\ud800']) +
        old.slice(random.below(old.length + 1))
  }
}
