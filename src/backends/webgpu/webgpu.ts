// The webgpu backend: WGSL kernels on one device. Loading goes from cheap to dear: shapes, the adapter, what it can hold, the
// device and its buffers, and only then bytes.
import { expectedWeights } from '../../config/weight-names.ts'
import { SailError } from '../../errors.ts'
import type { Backend, Engine, EngineInfo, LoadRequest } from '../backend.ts'
import { dtypeOf } from '../check-weight.ts'
import type { WasmHost } from '../wasm/host.ts'
import { planMemory } from '../wasm/plan/plan-memory.ts'
import { requireMemory } from '../wasm/require-memory.ts'
import { headsFit } from '../wasm/wasm.ts'
import { GpuEngine } from './engine.ts'
import { type FoundAdapter, findAdapter } from './gpu/adapter.ts'
import { openDevice, requireF16 } from './gpu/open-device.ts'
import { Guard } from './guard.ts'
import type { GpuHost } from './host.ts'
import type { GpuSettings } from './settings.ts'
import { UniformRing } from './uniform-ring.ts'
import { loadWeights, placeWeights } from './weights/load-weights.ts'

/** @param host the way to WebGPU   @param cpu packs weights, and knows the memory that a software adapter has */
export function webgpuBackend(settings: GpuSettings, host: GpuHost, cpu: WasmHost): Backend {
  return {
    name: 'webgpu',
    /** @throws SailError E_BACKEND_WEIGHT, E_BACKEND_SIZES, E_OPTION_UNAVAILABLE, E_BACKEND_UNAVAILABLE, E_BACKEND_NO_ADAPTER, E_MEMORY_SHORT, E_MEMORY, E_GPU_*, E_KERNELS_*, E_WEIGHTS_NOT_FINITE; signal.reason */
    load: (request) => load(request, settings, host, cpu),
  }
}

async function load(request: LoadRequest, settings: GpuSettings, host: GpuHost, cpu: WasmHost): Promise<Engine> {
  const { config, weights, signal } = request
  for (const [name, shape] of expectedWeights(config)) dtypeOf(weights, name, shape)
  checkSizes(config.dims)
  const dtype = (name: string) => weights.tensors.get(name)!.dtype
  const options = { threads: 1, kv: settings.kv }
  const plan = planMemory(config, dtype, settings.weights, options)
  const found = await findAdapter(host)
  if (settings.activations === 'f16') requireF16(found)
  if (found.software) await requireMemory(plan, { config, dtype, options, host: cpu })
  signal?.throwIfAborted()
  const { bindingBytes, profiler = null, activations, kv } = settings
  const wishes = { timestamps: profiler !== null, f16: activations === 'f16' }
  const gpu = await openDevice(found, { ...wishes, ...(bindingBytes !== undefined && { bindingBytes }) })
  try {
    const placed = await placeWeights(plan.stored, gpu)
    const loaded = await loadWeights(request, placed, gpu, { threads: settings.threads, host: cpu })
    const made = await gpu.guarded('uniforms', () => ({ ring: new UniformRing(gpu), guard: new Guard(gpu) }))
    const setup = { info: describe(found, settings), dims: config.dims, gpu, weights: loaded, ...made, profiler }
    return new GpuEngine({ ...setup, formats: { activations, kv } })
  } catch (error) {
    gpu.close()
    throw error
  }
}

/** @throws SailError E_BACKEND_SIZES */
function checkSizes(dims: LoadRequest['config']['dims']): void {
  if (headsFit(dims)) return
  throw new SailError('E_BACKEND_SIZES', {
    file: 'config.json',
    place: 'head_dim',
    expected: 'a multiple of 4 on the webgpu backend',
    found: `${dims.E}`,
    hint: 'use backend reference',
  })
}

function describe({ name, software }: FoundAdapter, { weights, activations }: GpuSettings): EngineInfo {
  const kind = software ? 'a software adapter, which computes on the CPU and is slow: ' : 'adapter: '
  const f16 = activations === 'f16' ? ['activations f16: what products read; sums and the residual stream are f32'] : []
  const notes = [`webgpu on ${kind}${name}`, ...f16]
  return { backend: 'webgpu', kernels: 'wgsl', threads: 1, weights, adapter: { name, software }, notes }
}
