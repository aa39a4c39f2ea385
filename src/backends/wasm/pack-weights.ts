// Packs a checkpoint without keeping it: every weight as it would lie in memory, handed over piece by piece in order. Memory
// for two pieces of the checkpoint and two of panels is all it takes, however large the model.
import { type PackedPart, partBytes } from '../../weights/formats/packed-weights.ts'
import type { LoadRequest, WeightDtype } from '../backend.ts'
import { chooseKernels } from './choose-kernels.ts'
import type { WasmHost } from './host.ts'
import { Pool } from './memory/pool.ts'
import { type Packing, packMatrix, packRows, pieceRows, sourceBytes } from './pack-matrix.ts'
import { inPanels, type StoredWeight, storedWeights } from './plan/stored-weights.ts'
import type { WasmSettings } from './settings.ts'
import { chooseTeam, createTeam } from './team/create-team.ts'

/** A part of the packed model and the weight that it is made from. */
export interface PartPlan {
  readonly part: Omit<PackedPart, 'sum'>
  readonly weight: StoredWeight
}

/** The parts of a model in a format, in the order of the data. A tied head that is stored like the table is the same part. */
export function plannedParts(
  config: LoadRequest['config'],
  dtypeOf: (name: string) => WeightDtype,
  weights: 'bf16' | 'q8' | 'q4',
): PartPlan[] {
  const seen = new Set<string>()
  return storedWeights(config, dtypeOf, weights).flatMap((weight) => {
    const { name, format, shape } = weight
    const part = { name, layout: inPanels(weight) ? 'panels' : 'rows', format, shape } as const
    const key = `${name} ${part.layout}`
    if (seen.has(key)) return []
    seen.add(key)
    return [{ part, weight }]
  })
}

/**
 * Packs each of `plans` in turn.
 * @param write takes a part and a function that makes its bytes, to be called with a taker of each piece
 * @throws SailError E_WEIGHTS_NOT_FINITE, E_MEMORY, E_KERNELS_*, E_WORKER_*; what reading or taking throws; signal.reason
 */
export async function packWeights(
  request: LoadRequest,
  plans: readonly PartPlan[],
  { threads }: Pick<WasmSettings, 'threads'>,
  host: WasmHost,
  write: (plan: PartPlan, make: (take: (bytes: Uint8Array) => Promise<void>) => Promise<void>) => Promise<void>,
): Promise<void> {
  const total = plans.reduce((sum, { weight }) => sum + sourceBytes(weight, request), 0)
  const chosen = await chooseTeam(threads, total, host)
  const kernels = await chooseKernels('strict', chosen.shared, new Set(), host)
  const team = await createTeam(chosen, kernels.module, [1], host)
  let loaded = 0
  const progress = (bytes: number): void => {
    loaded += bytes
    request.onProgress?.({ phase: 'pack', loaded, total })
  }
  try {
    const packing = { request, team, pool: new Pool(team, [1], kernels.exports.heap_base()), progress }
    for (const plan of plans) {
      request.signal?.throwIfAborted()
      await write(plan, (take) => (inPanels(plan.weight) ? panels : rows)(plan.weight, packing, take))
    }
    request.onProgress?.({ phase: 'ready', loaded: total, total })
  } finally {
    await team.close()
  }
}

type Take = (bytes: Uint8Array) => Promise<void>

async function rows(weight: StoredWeight, packing: Packing, take: Take): Promise<void> {
  for await (const values of packRows(weight, packing))
    await take(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
}

/** Two places take turns: the panels in one are taken while the team fills the other. */
async function panels(weight: StoredWeight, packing: Packing, take: Take): Promise<void> {
  const { team, pool } = packing
  const { format, shape } = weight
  const size = (count: number): number => partBytes({ layout: 'panels', format, shape: [count, shape[1]] })
  const shard = 0
  const most = Math.min(shape[0], pieceRows(weight, packing.request))
  const places = [0, 1].map(() => pool.take(shard, size(most), 'panels'))
  const placeOf = (first: number): number => places[(first / most) % 2]
  try {
    await packMatrix(weight, packing, {
      shard,
      to: placeOf,
      done: async (first, count) => take(await team.read(shard, placeOf(first), size(count))),
    })
  } finally {
    for (const at of places) pool.give(shard, at)
  }
}
