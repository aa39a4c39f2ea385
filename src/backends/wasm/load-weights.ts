// From the checkpoint to packed place: matrices become panels in their shard's memory; tables and vectors are converted.
// A tied head that is stored like the table, in the same memory, is the table.

import { panelBytes } from '../../weights/formats/packed.ts'
import type { LoadRequest } from '../backend.ts'
import type { Pool } from './memory/pool.ts'
import { type Packing, packMatrix, packRows, sourceBytes } from './pack-matrix.ts'
import { Placing } from './plan/placed-weights.ts'
import { inPanels, type StoredWeight } from './plan/stored-weights.ts'
import type { Team } from './team/team.ts'

/** @throws SailError E_WEIGHTS_NOT_FINITE, E_MEMORY; what reading throws; signal.reason when aborted */
export async function loadWeights(
  request: LoadRequest,
  stored: readonly StoredWeight[],
  shardOf: (weight: StoredWeight) => number,
  team: Team,
  pool: Pool,
): Promise<Placing> {
  const total = stored.reduce((sum, weight) => sum + sourceBytes(weight, request), 0)
  let loaded = 0
  const progress = (bytes: number): void => {
    loaded += bytes
    request.onProgress?.({ phase: 'pack', loaded, total })
  }
  const placing = new Placing()
  for (const weight of stored) {
    request.signal?.throwIfAborted()
    const shard = shardOf(weight)
    if (placing.share(weight, shard)) progress(sourceBytes(weight, request))
    else {
      const at = pool.take(shard, weight.bytes, weight.name)
      await load(weight, { request, team, pool, progress }, shard, at)
      placing.put(weight, shard, at)
    }
  }
  request.onProgress?.({ phase: 'ready', loaded: total, total })
  return placing
}

async function load(weight: StoredWeight, packing: Packing, shard: number, at: number): Promise<void> {
  if (inPanels(weight)) {
    const panel = panelBytes(weight.format, weight.shape[1])
    return packMatrix(weight, packing, { shard, to: (first) => at + (first / 8) * panel })
  }
  let to = at
  for await (const rows of packRows(weight, packing)) {
    packing.pool.write(shard, to, rows)
    to += rows.byteLength
  }
}
