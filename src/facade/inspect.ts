// What a checkpoint holds, needs, and what is wrong with it, its tokenizer included. Weights are not read.
import { planMemory } from '../backends/wasm/plan/plan-memory.ts'
import type { WeightFormat } from '../backends/wasm/plan/stored-weights.ts'
import { SailError } from '../errors.ts'
import type { Folder } from '../weights/folder.ts'
import { type Inspection as CheckpointInspection, type InspectOptions, inspectCheckpoint } from '../weights/inspect.ts'
import { checkTokens, readTokenizer } from './tokenizer-file.ts'

/** Bytes that a model takes on the wasm backend, by what for. */
export interface FormatPlan {
  readonly weights: number
  /** Keys and values of 2,048 tokens, or of as many as the model has positions. */
  readonly cache: number
  /** Values of a pass over an image of 1,024 patches. */
  readonly values: number
  /** These and the engine itself. */
  readonly total: number
  /** Layers in each of the memories of at most 4 GiB: [from, to). */
  readonly memories: readonly (readonly [number, number])[]
}

export interface Inspection extends CheckpointInspection {
  /** Bytes that the weights take once loaded, by weight format; null without a config. */
  readonly memory: Readonly<Record<WeightFormat, number>> | null
  /** All memory, by weight format; null without a config. */
  readonly plan: Readonly<Record<WeightFormat, FormatPlan>> | null
}

/** Faults of the checkpoint are in `problems`. @throws signal.reason */
export async function inspectFolder(folder: Folder, options: InspectOptions = {}): Promise<Inspection> {
  const { signal } = options
  const inspection = await inspectCheckpoint(folder, options)
  const { plan, problems } = tried(() => plans(inspection))
  const found = { ...inspection, ...memoryOf(plan), problems: [...inspection.problems, ...problems] }
  try {
    const tokenizer = await readTokenizer(folder, signal)
    if (inspection.config !== null) checkTokens(inspection.config, tokenizer)
    return found
  } catch (error) {
    return { ...found, problems: [...found.problems, problemOf(error)] }
  }
}

type Plans = Readonly<Record<WeightFormat, FormatPlan>>

function plans({ config, tensors, packed }: CheckpointInspection): Plans | null {
  if (config === null) return null
  const dtypes = new Map(tensors.map(({ name, dtype }) => [name, dtype]))
  const isBf16 = (name: string) => dtypes.get(name) === 'BF16' || dtypes.get(`${name}.panels`) === 'bf16'
  const dtypeOf = (name: string) => (isBf16(name) ? 'BF16' : 'F32')
  const { L } = config.dims
  const planOf = (format: WeightFormat): FormatPlan => {
    const { weights, cache, scratch, total, shards } = planMemory(config, dtypeOf, format)
    const first = (shard: number): number => shards.shardOfLayer.findIndex((own) => own >= shard)
    const end = (shard: number): number => (shard + 1 < shards.weights.length ? first(shard + 1) : L)
    const memories = shards.weights.map((_, shard) => [first(shard), end(shard)] as const)
    return { weights, cache, values: scratch * memories.length, total, memories }
  }
  return {
    exact: planOf(packed?.weights ?? 'exact'),
    f32: planOf('f32'),
    bf16: planOf('bf16'),
    q8: planOf('q8'),
    q4: planOf('q4'),
  }
}

function memoryOf(plan: Plans | null): Pick<Inspection, 'memory' | 'plan'> {
  if (plan === null) return { memory: null, plan }
  const { exact, f32, bf16, q8, q4 } = plan
  const memory = { exact: exact.weights, f32: f32.weights, bf16: bf16.weights, q8: q8.weights, q4: q4.weights }
  return { memory, plan }
}

/** A plan, or why there can be none. */
function tried(work: () => Plans | null): { plan: Plans | null; problems: Inspection['problems'] } {
  try {
    return { plan: work(), problems: [] }
  } catch (error) {
    return { plan: null, problems: [problemOf(error)] }
  }
}

function problemOf(error: unknown): Inspection['problems'][number] {
  if (!(error instanceof SailError)) throw error
  return { code: error.code, message: error.message }
}
