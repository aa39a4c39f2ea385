// Which memory holds which layers. A memory ends below 4 GiB, so a large model takes several; a layer is never cut, and
// each memory keeps room for the keys and values of its layers and for the values of a pass. Layers are dealt out in
// order, about equally, over as few memories as will do.
import { SailError } from '../../../errors.ts'
import { inPanels, type StoredWeight } from './stored-weights.ts'

export interface Room {
  /** Bytes that a memory can have. */
  readonly limit: number
  /** Bytes of keys and values a layer. */
  readonly cache: number
  /** Bytes of a pass's values in each memory. */
  readonly scratch: number
}

export interface Shards {
  readonly shardOfLayer: readonly number[]
  /** Bytes of weights by shard. */
  readonly weights: readonly number[]
}

/** @throws SailError E_MEMORY_SHARD when one layer, or one of the ends, is too large for a memory */
export function planShards(stored: readonly StoredWeight[], L: number, room: Room): Shards {
  for (let count = 1; count <= Math.max(1, L); count++) {
    const plan = deal(stored, L, count)
    const layers = (shard: number): number => plan.shardOfLayer.filter((own) => own === shard).length
    const fits = plan.weights.every((bytes, shard) => bytes + layers(shard) * room.cache + room.scratch <= room.limit)
    if (fits) return plan
  }
  throw new SailError('E_MEMORY_SHARD', {
    file: 'wasm memory',
    expected: `layers that fit into memories of ${room.limit} bytes, with ${room.cache + room.scratch} bytes to work in`,
    found: `${Math.max(...deal(stored, L, Math.max(1, L)).weights)} bytes of weights in one`,
    hint: 'choose a smaller weight format',
  })
}

export function shardOf({ home }: StoredWeight, { shardOfLayer }: Pick<Shards, 'shardOfLayer'>): number {
  if (home === 'first') return 0
  return home === 'last' ? (shardOfLayer.at(-1) ?? 0) : shardOfLayer[home]
}

function deal(stored: readonly StoredWeight[], L: number, count: number): Shards {
  const shardOfLayer = Array.from({ length: L }, (_, layer) => Math.floor((layer * count) / L))
  const weights = new Array<number>(count).fill(0)
  const seen = new Set<string>()
  for (const weight of stored) {
    const shard = shardOf(weight, { shardOfLayer })
    const bytes = `${shard} ${weight.name} ${inPanels(weight)} ${weight.format}` // a tied head may be the table itself
    if (!seen.has(bytes)) weights[shard] += weight.bytes
    seen.add(bytes)
  }
  return { shardOfLayer, weights }
}
