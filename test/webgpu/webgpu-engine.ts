// Webgpu engines for tests, on the tiny random checkpoint or another source, and a host that shows what happens on the
// device: the buffers there are, and the device itself, to be taken away.

import type { LoadOptions } from '../../src/api.ts'
import type { Engine, LoadRequest } from '../../src/backends/backend.ts'
import type { GpuHost } from '../../src/backends/webgpu/host.ts'
import type { GpuSettings } from '../../src/backends/webgpu/settings.ts'
import { webgpuBackend } from '../../src/backends/webgpu/webgpu.ts'
import type { ModelConfig } from '../../src/config/model-config.ts'
import { nodeEnvironment } from '../../src/node/environment.ts'
import { nodeGpuHost } from '../../src/node/gpu-host.ts'
import { nodeWasmHost } from '../../src/node/wasm-host.ts'
import { Sail } from '../../src/node.ts'
import { randomWeights, sourceOf } from '../backends/tiny-engine.ts'

export interface GpuEngineOptions {
  readonly settings?: Partial<GpuSettings>
  readonly request?: Partial<LoadRequest>
  readonly host?: GpuHost
  readonly cpu?: Partial<typeof nodeWasmHost>
}

export function webgpuEngine(config: ModelConfig, options: GpuEngineOptions = {}): Promise<Engine> {
  const weights = options.request?.weights ?? sourceOf(config, randomWeights(config))
  const settings: GpuSettings = { weights: 'f32', activations: 'f32', kv: 'f32', threads: 1, ...options.settings }
  const backend = webgpuBackend(settings, options.host ?? nodeGpuHost, { ...nodeWasmHost, ...options.cpu })
  return backend.load({ config, weights, numerics: 'f32', ...options.request })
}

/** A whole model on a host of the test's own. */
export class HostedSail extends Sail {
  static on(gpu: GpuHost, model: string, options: LoadOptions = { backend: 'webgpu' }): Promise<Sail> {
    return HostedSail.loadIn({ ...nodeEnvironment, gpu }, model, options)
  }
}

export interface WatchedHost extends GpuHost {
  /** The device that was opened last. */
  device: GPUDevice | null
  /** Buffers made in all, and bytes of those that are there. */
  made: number
  bytes: number
  /** Bytes that were read back, in all. */
  read: number
}

/** The package's own GPU, watched. */
export function watchedHost(): WatchedHost {
  const host: WatchedHost = {
    device: null,
    made: 0,
    bytes: 0,
    read: 0,
    async open() {
      const { gpu, why } = await nodeGpuHost.open()
      const entry = gpu as GPU
      const requestAdapter = async (options?: GPURequestAdapterOptions) => {
        const adapter = await entry.requestAdapter(options)
        return adapter && watchAdapter(adapter, host)
      }
      return { gpu: { entry, requestAdapter }, why }
    },
  }
  return host
}

function watchAdapter(adapter: GPUAdapter, host: WatchedHost) {
  const { info, limits, features } = adapter
  const requestDevice = async (descriptor?: GPUDeviceDescriptor) => {
    const device = await adapter.requestDevice(descriptor)
    const createBuffer = device.createBuffer.bind(device)
    device.createBuffer = (wanted) => {
      const buffer = createBuffer(wanted)
      const destroy = buffer.destroy.bind(buffer)
      let there = true
      buffer.destroy = () => {
        if (there) host.bytes -= wanted.size
        there = false
        return destroy()
      }
      const mapAsync = buffer.mapAsync.bind(buffer)
      buffer.mapAsync = (mode, offset, size) => {
        host.read += size ?? wanted.size
        return mapAsync(mode, offset, size)
      }
      host.made++
      host.bytes += wanted.size
      return buffer
    }
    host.device = device
    return device
  }
  return { info, limits, features, requestDevice }
}
