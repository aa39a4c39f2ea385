// A strict JSON reader (RFC 8259) for files that may lie. JSON.parse hides three faults: of two equal keys the last
// wins, integers beyond 2^53 are rounded, and `__proto__` is a key like no other. Here a repeated key is an error, an
// integer that a double cannot hold is an error, objects are Maps, and depth and size are bounded before any work.
// Lone surrogates are refused as Rust's serde_json does. Every error names the file, the path and the position.
import { SailError } from '../errors.ts'
import { quote } from './quote.ts'

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject
export type JsonObject = ReadonlyMap<string, JsonValue>

export interface JsonOptions {
  /** Name of the file in errors. */
  readonly file: string
  /** Middle of the error codes: CONFIG gives E_CONFIG_JSON, E_CONFIG_DUPLICATE, E_CONFIG_NUMBER, .. */
  readonly subject: string
  /** Most bytes (of a text: UTF-16 units), default 16 MiB. */
  readonly maxBytes?: number
  /** Deepest nesting; `[]` is 1. Default 64. */
  readonly maxDepth?: number
  /** Makes the value of a number from its text; default: a finite double, an integer only if it is a safe one. */
  readonly number?: (text: string, path: readonly (string | number)[]) => number
}

/**
 * The value of a whole JSON document.
 * @throws SailError E_<subject>_SIZE, _UTF8, _JSON (syntax), _DUPLICATE, _DEPTH, _NUMBER
 */
export function readJson(input: string | Uint8Array, options: JsonOptions): JsonValue {
  const { value, rest } = scanJson(input, options)
  if (/[^ \t\n\r]/.test(rest)) {
    throw fault(options, 'JSON', 'after the value', 'the end of the document', quote(rest.trim(), 20))
  }
  return value
}

/** The first JSON value of the input, and the text after it. */
export function scanJson(input: string | Uint8Array, options: JsonOptions): { value: JsonValue; rest: string } {
  const { maxBytes = 1 << 24, maxDepth = 64 } = options
  if (input.length > maxBytes) throw fault(options, 'SIZE', undefined, `at most ${maxBytes} bytes`, `${input.length}`)
  const text = typeof input === 'string' ? input : decodeUtf8(input, options)
  const path: (string | number)[] = []
  let at = 0

  const stop = (code: string, expected: string, found?: string): SailError =>
    fault(options, code, `${pathText(path)}, character ${at}`, expected, found ?? here(text, at))

  function skipSpace(): void {
    for (let c = text.charCodeAt(at); c === 32 || c === 10 || c === 13 || c === 9; c = text.charCodeAt(at)) at++
  }

  function value(depth: number): JsonValue {
    skipSpace()
    const c = text[at]
    if (c === '{' || c === '[') {
      if (depth >= maxDepth) throw stop('DEPTH', `at most ${maxDepth} levels`, 'one more')
      at++
      return c === '{' ? object(depth + 1) : array(depth + 1)
    }
    if (c === '"') return string()
    for (const [word, meaning] of words) {
      if (text.startsWith(word, at)) {
        at += word.length
        return meaning
      }
    }
    return number()
  }

  function object(depth: number): JsonObject {
    const entries = new Map<string, JsonValue>()
    for (let more = begins('}'); more; more = continues('}')) {
      skipSpace()
      if (text[at] !== '"') throw stop('JSON', 'a key in quotes')
      const key = string()
      if (entries.has(key)) throw stop('DUPLICATE', 'each key once', `${quote(key)} again`)
      skipSpace()
      if (text[at] !== ':') throw stop('JSON', '":"')
      at++
      path.push(key)
      entries.set(key, value(depth))
      path.pop()
    }
    return entries
  }

  function array(depth: number): JsonValue[] {
    const items: JsonValue[] = []
    for (let more = begins(']'); more; more = continues(']')) {
      path.push(items.length)
      items.push(value(depth))
      path.pop()
    }
    return items
  }

  /** Whether an opened object or array has a first item. */
  function begins(close: '}' | ']'): boolean {
    skipSpace()
    if (text[at] !== close) return true
    at++
    return false
  }

  /** Whether another item follows. */
  function continues(close: '}' | ']'): boolean {
    skipSpace()
    const c = text[at]
    if (c !== ',' && c !== close) throw stop('JSON', `"," or "${close}"`)
    at++
    return c === ','
  }

  function string(): string {
    const from = at++
    let out = ''
    for (;;) {
      plain.lastIndex = at
      plain.test(text)
      out += text.slice(at, plain.lastIndex)
      at = plain.lastIndex
      const c = text[at]
      if (c === '"') break
      if (c !== '\\') throw stop('JSON', 'a string without raw control characters, closed by a quote')
      out += escaped()
    }
    at++
    if (surrogate.test(out)) {
      at = from
      throw stop('JSON', 'whole characters', 'a lone surrogate')
    }
    return out
  }

  function escaped(): string {
    const simple = escapes.get(text[at + 1])
    if (simple !== undefined) {
      at += 2
      return simple
    }
    const hex = text.slice(at + 2, at + 6)
    if (text[at + 1] !== 'u' || !/^[0-9a-fA-F]{4}$/.test(hex)) throw stop('JSON', 'an escape of JSON')
    at += 6
    return String.fromCharCode(Number.parseInt(hex, 16))
  }

  function number(): number {
    numeric.lastIndex = at
    const found = numeric.exec(text)?.[0]
    if (found === undefined) throw stop('JSON', 'a value')
    const result = options.number === undefined ? Number(found) : options.number(found, path)
    const integer = /^-?\d+$/.test(found)
    if (options.number === undefined && (integer ? !Number.isSafeInteger(result) : !Number.isFinite(result))) {
      throw stop(
        'NUMBER',
        integer ? 'an integer of at most 2^53 - 1' : 'a number that a double holds',
        quote(found, 30),
      )
    }
    at += found.length
    return result
  }

  const result = value(0)
  return { value: result, rest: text.slice(at) }
}

const words: readonly (readonly [string, null | boolean])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
]
const escapes = new Map(Object.entries({ '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }))
/** A run of a string's characters that stand for themselves: from the space up, but neither `"` nor `\`. */
const plain = /[ !#-[\]-\uffff]*/y
const surrogate = /\p{Surrogate}/u
const numeric = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y

/** `model.layers[3]` of a path; `the root` of an empty one. */
function pathText(path: readonly (string | number)[]): string {
  const parts = path.map((part, i) =>
    typeof part === 'number' ? `[${part}]` : `${i > 0 ? '.' : ''}${quote(part).slice(1, -1)}`,
  )
  return parts.length === 0 ? 'the root' : parts.join('')
}

/** Text of UTF-8 bytes; a byte order mark stays and is then no JSON. */
function decodeUtf8(bytes: Uint8Array, options: JsonOptions): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw fault(options, 'UTF8', undefined, 'UTF-8', 'bytes that are not', cause)
  }
}

function here(text: string, at: number): string {
  return at >= text.length ? 'the end' : quote(text.slice(at, at + 20))
}

function fault(
  { subject, file }: JsonOptions,
  code: string,
  place: string | undefined,
  expected: string,
  found: string,
  cause?: unknown,
): SailError {
  return new SailError(`E_${subject}_${code}`, {
    file,
    expected,
    found,
    cause,
    ...(place === undefined ? {} : { place }),
  })
}
