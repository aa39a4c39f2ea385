// A JSON value together with where it stands, so that every complaint about a tokenizer.json names file, path, what was
// expected and what was found. Objects are Maps: a key called "__proto__" or "constructor" is data like any other.
import type { JsonObject, JsonValue } from '../config/json.ts'
import { quote } from '../config/quote.ts'
import { SailError } from '../errors.ts'

export class JsonAt {
  /** undefined where a key is absent. */
  readonly value: JsonValue | undefined
  readonly file: string
  /** Path inside the file, such as `model.merges[3]`; '' is the root. */
  readonly path: string

  constructor(value: JsonValue | undefined, file: string, path: string) {
    this.value = value
    this.file = file
    this.path = path
  }

  /** The value under `key`, undefined inside where it is absent. @throws SailError E_TOKENIZER_FIELD when not an object */
  get(key: string): JsonAt {
    const object = this.object()
    const step = /^[\w<>|/-]{1,48}$/.test(key) ? `.${key}` : `[${quote(key, 48)}]`
    const path = this.path === '' ? step.replace(/^\./, '') : this.path + step
    return new JsonAt(object.get(key), this.file, path)
  }

  /** Absent or null: how tokenizer.json writes that there is no such part. */
  get isNull(): boolean {
    return this.value === undefined || this.value === null
  }

  object(): JsonObject {
    if (!(this.value instanceof Map)) throw this.not('an object')
    return this.value
  }

  /** The items, at most `most` of them. */
  array(most: number): JsonAt[] {
    return this.list(most).map((item, i) => new JsonAt(item, this.file, `${this.path}[${i}]`))
  }

  /** The items without their places, for long lists. */
  list(most: number): readonly JsonValue[] {
    if (!Array.isArray(this.value)) throw this.not('a list')
    if (this.value.length > most) throw this.not(`at most ${most} items`, `${this.value.length}`)
    return this.value
  }

  /** A string of `least` to `most` UTF-16 units. */
  string(least: number, most: number): string {
    if (typeof this.value !== 'string') throw this.not('a string')
    if (this.value.length < least || this.value.length > most)
      throw this.not(`text of ${least} to ${most} characters`, quote(this.value, 48))
    return this.value
  }

  integer(least: number, most: number): number {
    const value = this.value
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most)
      throw this.not(`an integer from ${least} to ${most}`)
    return value
  }

  /** true or false; `absent` where the key is missing or null. */
  boolean(absent: boolean): boolean {
    if (this.isNull) return absent
    if (typeof this.value !== 'boolean') throw this.not('true or false')
    return this.value
  }

  /** The value as a message may show it. */
  get shown(): string {
    return describe(this.value)
  }

  /** The error for a value of the wrong kind. */
  not(expected: string, found = this.shown): SailError {
    return this.fault('E_TOKENIZER_FIELD', expected, found)
  }

  fault(code: `E_${string}`, expected: string, found: string, hint?: string): SailError {
    const detail = { file: this.file, place: this.path === '' ? 'root' : this.path, expected, found }
    return new SailError(code, hint === undefined ? detail : { ...detail, hint })
  }
}

/** A short text for any JSON value. */
export function describe(value: JsonValue | undefined): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'string') return quote(value, 48)
  if (Array.isArray(value)) return `a list of ${value.length}`
  return value instanceof Map ? 'an object' : String(value)
}
