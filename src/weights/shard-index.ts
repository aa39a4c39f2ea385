// `model.safetensors.index.json`, or `pytorch_model.bin.index.json`: which shard holds which tensor, as Hugging Face
// splits checkpoints.
//   {"metadata": {"total_size": 4833792}, "weight_map": {"lm_head.weight": "model-00002-of-00002.safetensors", ..}}
// The file names in it are the only names that a checkpoint can bring, so they must be bare; that the shards hold
// exactly what the map says is checked once their headers are read.
import { readJson } from '../config/json.ts'
import { listed, quote } from '../config/quote.ts'
import { SailError } from '../errors.ts'
import { isBareName } from './folder.ts'
import type { Shard } from './shard.ts'

const maxShards = 512

/**
 * The weight map: tensor name to shard file.
 * @throws SailError E_INDEX_JSON and the like, E_INDEX_MAP (no object of names), E_INDEX_NAME (not a bare file name),
 *   E_INDEX_SHARDS (none, or more than 512)
 */
export function parseIndex(file: string, bytes: Uint8Array): ReadonlyMap<string, string> {
  const root = readJson(bytes, { file, subject: 'INDEX', maxBytes: 25_000_000, maxDepth: 16 })
  const map = root instanceof Map ? root.get('weight_map') : undefined
  if (!(map instanceof Map)) {
    throw new SailError('E_INDEX_MAP', {
      file,
      expected: 'an object with a weight_map, itself an object',
      found: 'none',
    })
  }
  const shards = new Set<string>()
  for (const [tensor, shard] of map) {
    const place = `weight_map.${quote(tensor)}`
    if (typeof shard !== 'string')
      throw new SailError('E_INDEX_MAP', { file, place, expected: 'a file name', found: String(shard) })
    if (!isBareName(shard)) {
      throw new SailError('E_INDEX_NAME', {
        file,
        place,
        expected: 'the plain name of a file in this folder',
        found: quote(shard),
      })
    }
    shards.add(shard)
  }
  if (shards.size === 0 || shards.size > maxShards) {
    throw new SailError('E_INDEX_SHARDS', {
      file,
      place: 'weight_map',
      expected: `1 .. ${maxShards} shards`,
      found: `${shards.size}`,
    })
  }
  return map as ReadonlyMap<string, string>
}

/**
 * Holds the map against the shards: each tensor in one shard, the one that the map names.
 * @throws SailError E_INDEX_TWICE (a tensor in two shards), E_INDEX_UNLISTED (a tensor that the map does not name),
 *   E_INDEX_TENSOR_MISSING (a tensor that its shard does not hold); each lists all of its kind
 */
export function checkIndex(
  file: string,
  map: ReadonlyMap<string, string>,
  shards: ReadonlyMap<string, Pick<Shard, 'tensors'>>,
): void {
  const seen = new Map<string, string>()
  const twice: string[] = []
  const unlisted: string[] = []
  for (const [shard, { tensors }] of shards) {
    for (const tensor of tensors.keys()) {
      if (seen.has(tensor)) twice.push(`${quote(tensor)} in ${quote(seen.get(tensor)!)} and ${quote(shard)}`)
      else if (!map.has(tensor)) unlisted.push(`${quote(tensor)} in ${quote(shard)}`)
      seen.set(tensor, shard)
    }
  }
  const missing = [...map].filter(([tensor, shard]) => !shards.get(shard)?.tensors.has(tensor))
  const fail = (code: `E_${string}`, expected: string, faults: readonly string[]): void => {
    if (faults.length > 0) throw new SailError(code, { file, place: 'weight_map', expected, found: listed(faults) })
  }
  fail('E_INDEX_TWICE', 'each tensor in one shard', twice)
  fail(
    'E_INDEX_TENSOR_MISSING',
    'each tensor in its shard',
    missing.map(([tensor, shard]) => `${quote(tensor)} not in ${quote(shard)}`),
  )
  fail('E_INDEX_UNLISTED', 'a map that names every tensor', unlisted)
}
