// Which backend computes. What is asked for and cannot be had is an error; nothing is replaced by what would work. Only
// `auto` chooses: wasm where it can run, and says so when it takes another (prefer-gpu.ts: large models on a real GPU).
import type { Backend, WeightSource } from '../backends/backend.ts'
import { reference } from '../backends/reference/reference.ts'
import type { WasmHost } from '../backends/wasm/host.ts'
import { headsFit, wasmBackend } from '../backends/wasm/wasm.ts'
import { webgpuBackend } from '../backends/webgpu/webgpu.ts'
import type { ModelConfig } from '../config/model-config.ts'
import { SailError } from '../errors.ts'
import type { Environment } from './environment.ts'
import type { LoadSettings } from './load-options.ts'
import { viewWeights } from './weight-view.ts'

export interface ChosenBackend {
  readonly backend: Backend
  /** The checkpoint as this backend wants to read it. */
  readonly view: View
  /** What was chosen for the caller. */
  readonly notes: readonly string[]
}

export type Hosts = Pick<Environment, 'wasm' | 'gpu'>

type View = (source: WeightSource, config: ModelConfig) => WeightSource

/**
 * @throws SailError E_BACKEND_UNAVAILABLE, E_WEIGHTS_FORMAT_UNSUPPORTED, E_KERNELS_UNAVAILABLE, E_OPTION_UNAVAILABLE for
 *   what cannot be had
 */
export async function chooseBackend(settings: LoadSettings, hosts: Hosts): Promise<ChosenBackend> {
  const { backend } = settings
  const { wasm: host } = hosts
  if (backend === 'webgpu') return shaders(settings, hosts)
  if (backend === 'reference') return plainLoops(settings, [])
  if (backend === 'wasm') return kernels(settings, host)
  if (settings.numerics === 'bf16')
    return plainLoops(settings, ['backend auto: reference, the only one that rounds as PyTorch does in bf16'])
  const missing = await whyNot(host)
  if (missing === null) return kernels(settings, host)
  return plainLoops(settings, [`backend auto: reference, since wasm cannot run here: ${missing}`])
}

/**
 * The backend for a model that has now been read: under `auto`, reference for heads that the kernels cannot cut.
 * @throws SailError as chooseBackend, when reference cannot have what else was asked for
 */
export function chooseForModel(chosen: ChosenBackend, settings: LoadSettings, { dims }: ModelConfig): ChosenBackend {
  if (settings.backend !== 'auto' || chosen.backend.name !== 'wasm' || headsFit(dims)) return chosen
  return plainLoops(settings, [
    `backend auto: reference, since wasm takes heads of a multiple of 4 values, not of ${dims.E}`,
  ])
}

/** Why the kernels cannot run here, or null. */
async function whyNot(host: WasmHost): Promise<string | null> {
  try {
    await host.compile('single')
    return null
  } catch (error) {
    return error instanceof Error ? error.message.slice(0, 200) : String(error)
  }
}

function kernels(settings: LoadSettings, host: WasmHost): ChosenBackend {
  const { weights, activations, kv, threads, kernels, numerics, profiler } = settings
  if (numerics === 'bf16') throw fault('E_OPTION_UNAVAILABLE', 'numerics', 'f32 on the wasm backend', numerics)
  if (activations === 'f16')
    throw fault('E_OPTION_UNAVAILABLE', 'activations', 'f32 or int on the wasm backend (f16: webgpu)', 'f16')
  if (activations === 'int' && weights !== 'q8' && weights !== 'q4')
    throw fault('E_OPTION_UNAVAILABLE', 'activations', 'f32 with these weights', 'int, which needs weights q8 or q4')
  const chosen = { weights, activations, kv, threads, kernels, ...(profiler !== undefined && { profiler }) }
  return { backend: wasmBackend(chosen, host), view: exactly, notes: [] }
}

/** The webgpu backend. @throws SailError E_OPTION_UNAVAILABLE */
export function shaders(settings: LoadSettings, { gpu, wasm }: Hosts): ChosenBackend {
  const { weights, activations, kv, threads, kernels, numerics, profiler } = settings
  if (activations === 'int')
    throw fault('E_OPTION_UNAVAILABLE', 'activations', 'f32 or f16 on the webgpu backend', 'int')
  const options = { numerics, kernels }
  const wrong = Object.entries(options).find(([, value]) => value !== 'f32' && value !== 'auto')
  if (wrong !== undefined) {
    const [option, found] = wrong
    const expected = option === 'kernels' ? 'auto' : 'f32'
    throw fault('E_OPTION_UNAVAILABLE', option, `${expected} on the webgpu backend`, found)
  }
  const chosen = { weights, threads, kv, activations, ...(profiler !== undefined && { profiler }) }
  return { backend: webgpuBackend(chosen, gpu, wasm), view: exactly, notes: [] }
}

function plainLoops(settings: LoadSettings, notes: readonly string[]): ChosenBackend {
  const { weights, kernels, threads, activations, kv, numerics } = settings
  if (numerics === 'bf16' && (weights === 'q8' || weights === 'q4'))
    throw fault('E_WEIGHTS_FORMAT_UNSUPPORTED', 'weights', 'exact, f32 or bf16 with numerics bf16', weights)
  if (kernels === 'relaxed')
    throw fault('E_KERNELS_UNAVAILABLE', 'kernels', 'strict or auto on the reference backend', kernels)
  if (settings.profiler !== undefined)
    throw fault('E_OPTION_UNAVAILABLE', 'profiler', 'the wasm or webgpu backend, which measure their ops', 'reference')
  const wrong = Object.entries({ threads, activations, kv }).find(([, value]) => ![1, 'auto', 'f32'].includes(value))
  if (wrong !== undefined) {
    const expected = `${wrong[0] === 'threads' ? '1' : 'f32'} on the reference backend`
    throw fault('E_OPTION_UNAVAILABLE', wrong[0], expected, String(wrong[1]))
  }
  return { backend: reference, view: (source, config) => viewWeights(source, weights, config), notes }
}

const exactly: View = (source) => source

function fault(code: `E_${string}`, place: string, expected: string, found: string): SailError {
  return new SailError(code, { file: 'Sail.load', place, expected, found })
}
