// Finds the adapter and says what it is. A software adapter computes the same, slowly: it is named as what it is, and only
// used by whoever asks for webgpu by name.
import { SailError } from '../../../errors.ts'
import type { GpuHost } from '../host.ts'

export interface FoundAdapter {
  readonly adapter: GPUAdapter
  /** What gave it; must be held for as long as its devices are used. */
  readonly entry: object
  /** As far as the adapter tells. */
  readonly name: string
  readonly software: boolean
}

/** @throws SailError E_BACKEND_UNAVAILABLE without WebGPU, E_BACKEND_NO_ADAPTER without an adapter */
export async function findAdapter(host: GpuHost): Promise<FoundAdapter> {
  const { gpu, why } = await host.open()
  if (gpu === null) throw none('E_BACKEND_UNAVAILABLE', why, 'use backend wasm')
  const adapter = await (gpu as GPU).requestAdapter({ powerPreference: 'high-performance' })
  const hint = 'use backend wasm, or install a driver (in node on Linux: a Vulkan driver and loader)'
  if (adapter === null) throw none('E_BACKEND_NO_ADAPTER', 'WebGPU, but no adapter for it', hint)
  const { vendor, architecture, device, description } = adapter.info
  const name = [description || device || 'unnamed adapter', vendor, architecture]
    .filter((word) => word !== '')
    .join(', ')
  const software = adapter.info.isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|basic render|software/i.test(name)
  return { adapter, entry: gpu, name, software }
}

function none(code: `E_${string}`, found: string, hint: string): SailError {
  return new SailError(code, { file: 'Sail.load', place: 'backend webgpu', expected: 'a WebGPU adapter', found, hint })
}
