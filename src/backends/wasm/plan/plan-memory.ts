// How much memory a model takes in a weight format, before any is taken: weights, keys and values of a context, values
// of the largest pass, by shard. Pure arithmetic on config and dtypes; `inspect` prints it and loading is refused by it.
import type { ModelConfig } from '../../../config/model-config.ts'
import type { WeightDtype } from '../../backend.ts'
import { MAX_PAGES, PAGE_BYTES } from '../memory/shard-memory.ts'
import { planShards, type Shards } from './shards.ts'
import { BLOCK_ROWS } from './size-registers.ts'
import { type StoredWeight, storedWeights, type WeightFormat } from './stored-weights.ts'

export interface MemoryOptions {
  /** Tokens of context to plan for; default 2048, or what the model has if that is less. */
  readonly tokens?: number
  /** Tokens of the largest pass; default an image of 1,024 patches, or `tokens` if that is less. */
  readonly passTokens?: number
  readonly kv?: 'f32' | 'f16'
  readonly threads?: number
  /** Most bytes of one memory. */
  readonly shardBytes?: number
}

export interface MemoryPlan {
  readonly format: WeightFormat
  readonly stored: readonly StoredWeight[]
  readonly shards: Shards
  /** Bytes. */
  readonly weights: number
  readonly cachePerToken: number
  readonly cache: number
  readonly scratch: number
  /** All of these, and what the engine itself takes. */
  readonly total: number
}

/** The JavaScript engine, compiled code, workers. */
const ENGINE_BYTES = 130e6
/** Private scratch of a thread. */
const THREAD_BYTES = 2e6
const CACHE_PAGE = 128

/** @throws SailError E_MEMORY_SHARD */
export function planMemory(
  config: ModelConfig,
  dtypeOf: (name: string) => WeightDtype,
  format: WeightFormat,
  options: MemoryOptions = {},
): MemoryPlan {
  const {
    tokens = Math.min(2048, config.maxPositions),
    passTokens = Math.min(1026, tokens),
    kv = 'f32',
    threads = 2,
  } = options
  const { shardBytes = MAX_PAGES * PAGE_BYTES } = options
  const stored = storedWeights(config, dtypeOf, format)
  const { L, G, E } = config.dims
  const layerToken = 2 * G * E * (kv === 'f16' ? 2 : 4)
  const layerCache = Math.ceil(tokens / CACHE_PAGE) * CACHE_PAGE * layerToken
  const scratch = scratchBytes(config, passTokens) + threads * THREAD_BYTES
  const shards = planShards(stored, L, { limit: shardBytes, cache: layerCache, scratch })
  const weights = shards.weights.reduce((sum, bytes) => sum + bytes, 0)
  const cache = layerCache * L
  const all = weights + cache + scratch * shards.weights.length + ENGINE_BYTES
  return { format, stored, shards, weights, cachePerToken: layerToken * L, cache, scratch, total: all }
}

/**
 * Values of a pass of S tokens: of all rows x, cos and sin, ids and patches; of one block of rows what lives at a time inside a
 * layer, and the embeddings of patches; of the last row its way through the last layer, and the logits. Patches are met in the first memory only; the others are that
 * much better off.
 */
function scratchBytes({ dims, patchSize }: ModelConfig, S: number): number {
  const { D, H, E, F, V } = dims
  const [pixels, embedding] = patchSize === null ? [0, 0] : [3 * patchSize ** 2, D]
  const attention = 2 * H * E + D
  const mlp = 2 * F + 2 * D
  const block = Math.min(S, BLOCK_ROWS) * (Math.max(attention, mlp) + embedding)
  const lastRow = 2 * H * E + 2 * F + 3 * D + V
  return 4 * (S * (D + 2 * E + pixels + 2) + block + lastRow)
}
