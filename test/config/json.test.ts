import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { type JsonOptions, type JsonValue, readJson } from '../../src/config/json.ts'
import { quote } from '../../src/config/quote.ts'
import { SailError } from '../../src/errors.ts'
import { countFaults } from '../support/amounts.ts'

const options: JsonOptions = { file: 'x.json', subject: 'TEST' }
const code = (input: string | Uint8Array, more: Partial<JsonOptions> = {}): string => {
  try {
    readJson(input, { ...options, ...more })
  } catch (error) {
    if (error instanceof SailError) return error.code
    throw error
  }
  return 'accepted'
}

/** Maps and arrays as JSON.parse would give them. */
function plain(value: JsonValue): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([k, v]) => [k, plain(v)]))
  return Array.isArray(value) ? value.map(plain) : value
}

const bad: readonly (readonly [string, string, readonly (string | Uint8Array)[]])[] = [
  ['a syntax fault', 'E_TEST_JSON', ['', ' ', '{', '[1,]', '{"a" 1}', '{"a":}', '{a:1}', "'a'", 'nul', '[1 2]', '{,}']],
  ['a number that JSON does not know', 'E_TEST_JSON', ['01', '+1', '.5', '1.', '-', 'NaN', 'Infinity', '0x10', '1e']],
  ['a string that JSON does not know', 'E_TEST_JSON', ['"a', '"\n"', '"\\x"', '"\\u12g4"', '"\\u12', '"\t"']],
  ['a lone surrogate', 'E_TEST_JSON', ['"\\ud800"', '{"\\udc00":1}', '["\\udc00\\ud800"]']],
  ['text after the value', 'E_TEST_JSON', ['1 2', '{} x', '[]]', 'true,']],
  ['a byte order mark', 'E_TEST_JSON', ['\ufeff{}', new Uint8Array([0xef, 0xbb, 0xbf, 0x7b, 0x7d]), '\ufeff1']],
  ['a repeated key', 'E_TEST_DUPLICATE', ['{"a":1,"a":1}', '[{"x":{"b":1,"c":2,"b":3}}]', '{"a":1,"\\u0061":2}']],
  [
    'an integer beyond 2^53 - 1',
    'E_TEST_NUMBER',
    ['9007199254740992', '-9007199254740993', '[1, 99999999999999999999]'],
  ],
  ['a number beyond a double', 'E_TEST_NUMBER', ['1e400', '[-1e999]', '{"a":1.5e309}']],
  ['nesting beyond 64', 'E_TEST_DEPTH', ['['.repeat(65), '{"a":'.repeat(65), '['.repeat(1e6)]],
  [
    'invalid UTF-8',
    'E_TEST_UTF8',
    [new Uint8Array([0x22, 0xff, 0x22]), new Uint8Array([0xc0, 0x80]), new Uint8Array([0xed, 0xa0, 0x80])],
  ],
]

afterAll(() => countFaults('JSON', bad))

describe('readJson', () => {
  for (const [what, expected, inputs] of bad) {
    for (const [i, input] of inputs.entries()) {
      test(`refuses ${what} (${i})`, () => expect(code(input)).toBe(expected))
    }
  }

  test('refuses a document over the size cap before reading it', () => {
    expect(code('[1]', { maxBytes: 2 })).toBe('E_TEST_SIZE')
    expect(code(new Uint8Array(3), { maxBytes: 2 })).toBe('E_TEST_SIZE')
  })

  test('counts an array and an object as one level each', () => {
    expect(code('[{"a":[]}]', { maxDepth: 3 })).toBe('accepted')
    expect(code('[{"a":[[]]}]', { maxDepth: 3 })).toBe('E_TEST_DEPTH')
  })

  test('keeps __proto__ as a key like any other', () => {
    const value = readJson('{"__proto__": 1, "constructor": 2}', options)
    expect([...(value as Map<string, JsonValue>)]).toEqual([
      ['__proto__', 1],
      ['constructor', 2],
    ])
  })

  test('names the path and the position of a fault', () => {
    try {
      readJson('{"a": [1, {"b": tru}]}', options)
      expect.unreachable()
    } catch (error) {
      expect(error).toMatchObject({ file: 'x.json', place: 'a[1].b, character 16', found: '"tru}]}"' })
    }
  })

  test('reads every JSON value as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), fc.constantFrom(undefined, 1), (value, indent) => {
        const text = JSON.stringify(value, null, indent)
        // Doubles from 2^53 up print as integers, which this reader refuses.
        if (/\d{16}/.test(text) || /\\ud[89a-f]/.test(text) || text.includes('__proto__')) return
        expect(plain(readJson(text, options))).toEqual(JSON.parse(text))
      }),
      { seed: 1, numRuns: 200 },
    )
  }, 60_000)
})

describe('quote', () => {
  test('escapes what could forge a line or drive a terminal, and shortens', () => {
    expect(quote('a\u001b[31m\n\u009b\u202e\u2028')).toBe('"a\\u001b[31m\\n\\u009b\\u202e\\u2028"')
    expect(quote('x'.repeat(200))).toBe(`"${'x'.repeat(80)}".. (200 characters)`)
  })
})
