// Typed, bounded access to the keys of a JSON object. A missing key is its default where the caller gives one; a value
// of another type or out of bounds is an error, never a clamp, because a config that is wrong in one number builds
// another model.
import { SailError } from '../errors.ts'
import type { JsonObject, JsonValue } from './json.ts'
import { quote } from './quote.ts'

export interface Fields {
  readonly object: JsonObject
  /** The file, for errors. */
  readonly file: string
}

/** An integer in [min, max]. @throws SailError E_CONFIG_MISSING, E_CONFIG_VALUE */
export function integer<D = never>(fields: Fields, key: string, min: number, max: number, missing?: D): number | D {
  const value = fields.object.get(key)
  if (value === undefined && missing !== undefined) return missing
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
  throw wrong(fields, key, `an integer in ${min} .. ${max}`)
}

/** A number in [min, max]. @throws SailError E_CONFIG_VALUE */
export function real(fields: Fields, key: string, min: number, max: number, missing: number): number {
  const value = fields.object.get(key)
  if (value === undefined) return missing
  if (typeof value === 'number' && value >= min && value <= max) return value
  throw wrong(fields, key, `a number in ${min} .. ${max}`)
}

/** @throws SailError E_CONFIG_VALUE */
export function boolean(fields: Fields, key: string, missing: boolean): boolean {
  const value = fields.object.get(key)
  if (value === undefined) return missing
  if (typeof value === 'boolean') return value
  throw wrong(fields, key, 'true or false')
}

/** The error for a key that is missing, or whose value is not what it must be. */
function wrong({ object, file }: Fields, key: string, expected: string): SailError {
  const value = object.get(key)
  const code = value === undefined ? 'E_CONFIG_MISSING' : 'E_CONFIG_VALUE'
  return new SailError(code, { file, place: key, expected, found: shown(value) })
}

/** A JSON value, short, for an error message. */
export function shown(value: JsonValue | undefined): string {
  if (value === undefined) return 'none'
  if (value instanceof Map) return 'an object'
  if (Array.isArray(value)) return `[${value.slice(0, 8).map(shown).join(', ')}${value.length > 8 ? ', ..' : ''}]`
  return typeof value === 'string' ? quote(value, 40) : String(value)
}
