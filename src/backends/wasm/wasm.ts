// The wasm backend: AssemblyScript kernels on a team of workers, weights packed once, when they are loaded or by `sail
// quantize` before, into memories of at most 4 GiB. The order of loading is from cheap to dear: shapes, kernels, the memory
// plan, and only then bytes.

import { expectedWeights } from '../../config/weight-names.ts'
import { SailError } from '../../errors.ts'
import type { Backend, Engine, EngineInfo, LoadRequest } from '../backend.ts'
import { dtypeOf } from '../check-weight.ts'
import { chooseKernels, type Kernels } from './choose-kernels.ts'
import { WasmEngine } from './engine.ts'
import type { WasmHost } from './host.ts'
import { loadPacked } from './load-packed.ts'
import { loadWeights } from './load-weights.ts'
import { Pool, pageSource } from './memory/pool.ts'
import { type MemoryPlan, planMemory } from './plan/plan-memory.ts'
import type { Dots } from './plan/program.ts'
import { shardOf } from './plan/shards.ts'
import { storedWeights } from './plan/stored-weights.ts'
import { requireMemory } from './require-memory.ts'
import { Scratch } from './scratch.ts'
import type { WasmSettings } from './settings.ts'
import { type ChosenTeam, chooseTeam, createTeam } from './team/create-team.ts'

export function wasmBackend(settings: WasmSettings, host: WasmHost): Backend {
  return {
    name: 'wasm',
    /** @throws SailError E_BACKEND_WEIGHT, E_BACKEND_SIZES, E_MEMORY_SHORT, E_MEMORY, E_KERNELS_*, E_WORKER_*, E_WEIGHTS_NOT_FINITE, E_PACKED_*; signal.reason */
    load: (request) => load(request, settings, host),
  }
}

async function load(request: LoadRequest, settings: WasmSettings, host: WasmHost): Promise<Engine> {
  const { config, weights, signal } = request
  for (const [name, shape] of expectedWeights(config)) dtypeOf(weights, name, shape)
  checkSizes(config.dims)
  const dtype = (name: string) => weights.tensors.get(name)!.dtype
  const bytes = storedWeights(config, dtype, settings.weights).reduce((sum, weight) => sum + weight.bytes, 0)
  const chosen = await chooseTeam(settings.threads, bytes, host)
  const { kv, shardBytes } = settings
  const options = { kv, threads: chosen.threads, ...(shardBytes !== undefined && { shardBytes }) }
  const plan = planMemory(config, dtype, settings.weights, options)
  await requireMemory(plan, { config, dtype, options, host })
  const formats = new Set(plan.stored.flatMap(({ role, format }) => (role === 'matrix' ? [format] : [])))
  const kernels = await chooseKernels(settings.kernels, chosen.shared, formats, host)
  const sizes = plan.shards.weights.map(() => 1)
  signal?.throwIfAborted()
  const team = await createTeam(chosen, kernels.module, sizes, host)
  try {
    const pool = new Pool(team, sizes, kernels.exports.heap_base())
    const shard = (weight: MemoryPlan['stored'][number]): number => shardOf(weight, plan.shards)
    const placed = weights.packed
      ? await loadPacked(request, weights.packed, plan.stored, shard, team, pool)
      : await loadWeights(request, plan.stored, shard, team, pool)
    const dots = (format: 'q8' | 'q4'): Dots =>
      settings.activations === 'f32' ? 'exact' : kernels.fused[format] ? 'fused' : 'int'
    return new WasmEngine({
      info: describe(settings, chosen, kernels, plan, host),
      vocabulary: config.dims.V,
      lower: {
        weights: placed,
        shardOfLayer: plan.shards.shardOfLayer,
        dots: { q8: dots('q8'), q4: dots('q4') },
        quantizedRowBytes: (inner) => kernels.exports.quantized_row_bytes(inner),
      },
      team,
      scratch: new Scratch(pool, chosen.threads, threadBytes(config.dims, kernels)),
      pages: pageSource(pool, plan.shards.shardOfLayer, pageOf(config.dims, settings, kernels)),
      f16Cache: settings.kv === 'f16',
      profiler: settings.profiler ?? null,
    })
  } catch (error) {
    await team.close()
    throw error
  }
}

type Dims = LoadRequest['config']['dims']

/** Whether heads are made of whole vectors, which hold four values. */
export function headsFit({ E }: Pick<Dims, 'E'>): boolean {
  return E % 4 === 0
}

function checkSizes({ E }: Dims): void {
  if (headsFit({ E })) return
  throw new SailError('E_BACKEND_SIZES', {
    file: 'config.json',
    place: 'head_dim',
    expected: 'a multiple of 4 on the wasm backend',
    found: `${E}`,
    hint: 'use backend reference, or auto',
  })
}

/** Private scratch of a thread: whatever its hungriest kernel needs. */
function threadBytes({ H, G, E }: Dims, { exports }: Kernels): number {
  return Math.max(exports.matmul_scratch_bytes(), exports.attention_scratch_bytes(H, G, E))
}

function pageOf({ G, E }: Dims, { kv }: WasmSettings, { exports }: Kernels): { bytes: number; tokens: number } {
  const bytes = kv === 'f16' ? exports.kv_page_bytes_f16(G, E) : exports.kv_page_bytes(G, E)
  return { bytes, tokens: exports.kv_page_tokens() }
}

function describe(
  settings: WasmSettings,
  team: ChosenTeam,
  kernels: Kernels,
  plan: MemoryPlan,
  host: WasmHost,
): EngineInfo {
  const shards = plan.shards.weights.length
  const split = shards === 1 ? [] : [`the layers lie in ${shards} memories of at most 4 GiB`]
  const joined = host.vectorBits() === 256 ? ['V8 may join vectors to 256 bits: the same results, sooner'] : []
  return {
    backend: 'wasm',
    kernels: kernels.name,
    threads: team.threads,
    weights: settings.weights,
    notes: [...team.notes, ...kernels.notes, ...joined, ...split],
  }
}
