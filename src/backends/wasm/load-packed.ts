// Packed weights go into memory as they are: each part is cut into pieces, the workers read them from the open files straight
// into their place, all at once, and sum them while they are in the cache. Where workers cannot read, the main thread does.
// The sum of each part must be the one its file holds, so damage is found by name; a NaN that was packed is found as well.
import { SailError } from '../../errors.ts'
import { type PackedPart, type PackedWeights, partBytes, partKey } from '../../weights/formats/packed-weights.ts'
import { PackedSum } from '../../weights/formats/sum.ts'
import type { LoadRequest } from '../backend.ts'
import type { Pool } from './memory/pool.ts'
import { Placing } from './plan/placed-weights.ts'
import { inPanels, type StoredWeight } from './plan/stored-weights.ts'
import { SUM_BYTES } from './team/fill.ts'
import type { FilledPiece, FillPiece } from './team/messages.ts'
import type { Team } from './team/team.ts'

/** Bytes of a piece: half of a core's cache, and whole values and groups in every format (16, 9 * 16, 17 * 16). */
const PIECE = 16 * 9 * 17 * 214
/** Pieces that the workers get at once. */
const BATCH = 128

interface Piece extends FillPiece {
  readonly part: PackedPart
  /** Bytes of the part before it. */
  readonly begin: number
  /** Whether it is the last of its part. */
  readonly last: boolean
}

/** @throws SailError E_PACKED_PART, E_PACKED_SUM, E_WEIGHTS_NOT_FINITE, E_MEMORY; what reading throws; signal.reason */
export async function loadPacked(
  request: LoadRequest,
  packed: PackedWeights,
  stored: readonly StoredWeight[],
  shardOf: (weight: StoredWeight) => number,
  team: Team,
  pool: Pool,
): Promise<Placing> {
  const { signal, onProgress } = request
  const placing = new Placing()
  const sums = Array.from({ length: pool.shards }, (_, shard) => pool.take(shard, team.threads * SUM_BYTES, 'sums'))
  const pieces = stored.flatMap((weight) => {
    const part = partOf(packed, weight)
    const shard = shardOf(weight)
    if (placing.share(weight, shard)) return []
    const at = pool.take(shard, weight.bytes, weight.name)
    placing.put(weight, shard, at)
    return cut(packed, part, shard, at, team.readsFiles)
  })
  const total = pieces.reduce((sum, { bytes }) => sum + bytes, 0)
  const check = checker(packed)
  let loaded = 0
  let filled: Promise<void> = Promise.resolve()
  for (let i = 0; i < pieces.length; i += BATCH) {
    signal?.throwIfAborted()
    const batch = pieces.slice(i, i + BATCH)
    for (const piece of batch) if (piece.file === null) await putThere(packed, piece, pool, signal)
    const [results, before] = [team.fill({ pieces: batch, sums }), filled]
    filled = results.then(async (each) => {
      await before
      for (const [j, result] of each.entries()) await check(batch[j], result)
      loaded += batch.reduce((sum, { bytes }) => sum + bytes, 0)
      onProgress?.({ phase: 'read', loaded, total })
    })
    filled.catch(() => {}) // heard of when its turn comes
    await before
  }
  await filled
  for (const [shard, at] of sums.entries()) pool.give(shard, at)
  for (const key of packed.parts.keys()) await packed.read(key, 0, 0, signal) // notices files that were changed meanwhile
  onProgress?.({ phase: 'ready', loaded: total, total })
  return placing
}

/** @throws SailError E_PACKED_PART */
export function partOf({ parts }: PackedWeights, weight: StoredWeight): PackedPart {
  const { name, format, shape } = weight
  const layout = inPanels(weight) ? 'panels' : 'rows'
  const part = parts.get(partKey({ name, layout }))
  if (part !== undefined && part.format === format && part.shape.join() === shape.join()) return part
  throw new SailError('E_PACKED_PART', {
    file: 'packed weights',
    place: name,
    expected: `${layout} in ${format} of shape (${shape.join(', ')})`,
    found: part === undefined ? 'none' : `${part.format} of shape (${part.shape.join(', ')})`,
    hint: 'run sail quantize again',
  })
}

function cut(packed: PackedWeights, part: PackedPart, shard: number, at: number, readsFiles: boolean): Piece[] {
  const all = partBytes(part)
  const place = readsFiles ? packed.place(partKey(part)) : null
  return Array.from({ length: Math.ceil(all / PIECE) }, (_, i) => {
    const begin = i * PIECE
    const bytes = Math.min(PIECE, all - begin)
    const file = place && { ...place, position: place.position + begin }
    return { part, begin, shard, at: at + begin, bytes, format: part.format, file, last: begin + bytes === all }
  })
}

async function putThere(packed: PackedWeights, piece: Piece, pool: Pool, signal?: AbortSignal): Promise<void> {
  const { part, begin, bytes, shard, at } = piece
  pool.write(shard, at, await packed.read(partKey(part), begin, begin + bytes, signal))
}

/** Takes the results of pieces in their order. @throws SailError E_PACKED_SUM, E_WEIGHTS_NOT_FINITE, E_WEIGHTS_CHANGED */
function checker(packed: PackedWeights): (piece: Piece, result: FilledPiece) => Promise<void> {
  let sum = new PackedSum()
  let bad: string | null = null
  return async ({ part, begin, bytes, last }, { words, state }) => {
    const key = partKey(part)
    const file = packed.pathOf(key)
    if (state === 'unread') {
      await packed.read(key, begin, begin + bytes) // says what is wrong with the file
      throw fault('E_WEIGHTS_CHANGED', file, key, 'a file that can be read', `none at byte ${begin} at first`)
    }
    sum.join(words, bytes)
    if (state === 'not finite') bad ??= `NaN or Infinity in bytes ${begin} to ${begin + bytes}`
    if (!last) return
    const found = sum.hex()
    if (found !== part.sum) throw fault('E_PACKED_SUM', file, key, `bytes with the sum ${part.sum}`, found)
    if (bad !== null) throw fault('E_WEIGHTS_NOT_FINITE', file, key, 'finite numbers', bad)
    sum = new PackedSum()
  }
}

function fault(code: `E_${string}`, file: string, place: string, expected: string, found: string): SailError {
  const hint = 'the file is damaged: fetch it again, or run sail quantize again'
  return new SailError(code, { file, place, expected, found, hint })
}
