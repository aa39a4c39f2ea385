// The ids that end a generation, as upstream takes them: from generation_config.json when that file exists (a number or
// a list; without the key, or with null, it never stops), from config.json only when it does not. Nothing else of
// generation_config.json counts: upstream decodes greedily whatever its sampling settings say.
import { SailError } from '../errors.ts'
import { type Fields, shown } from './fields.ts'
import type { JsonValue } from './json.ts'

const maxIds = 256

/**
 * @param generation generation_config.json, null when there is no such file
 * @param missing what a config.json without the key means
 * @throws SailError E_CONFIG_EOS for anything but an id, a list of ids or null
 */
export function eosIds(
  config: Fields,
  generation: Fields | null,
  V: number,
  missing: readonly number[],
): readonly number[] {
  const { object, file } = generation ?? config
  const value = object.get('eos_token_id')
  if (value === undefined) return generation === null ? missing : []
  if (value === null) return []
  const ids = Array.isArray(value) ? value : [value]
  const isId = (id: JsonValue): id is number => typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < V
  if (ids.length <= maxIds && ids.every(isId)) return [...new Set(ids)]
  const expected = `an id in 0 .. ${V - 1}, a list of at most ${maxIds}, or null`
  throw new SailError('E_CONFIG_EOS', { file, place: 'eos_token_id', expected, found: shown(value) })
}
