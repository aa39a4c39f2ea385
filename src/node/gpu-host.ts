// Node: WebGPU is the package `webgpu` (Dawn), an optional peer: only who asks for the backend needs it. A GPU object keeps
// the process alive until its devices are destroyed and it is let go, so each load opens one of its own.
// On Linux Dawn writes a warning to stderr when it finds no Vulkan loader, and nothing silences it; so it is not started then.
// Timestamps are coarse by default, for the sake of web pages, and here they time kernels.
import type { GpuHost } from '../backends/webgpu/host.ts'

export const nodeGpuHost: GpuHost = {
  async open() {
    try {
      const { create } = await import('webgpu')
      const gpu = lacksVulkan() ? noAdapters : create(['disable-dawn-features=timestamp_quantization'])
      return { gpu, why: '' }
    } catch (error) {
      const reason = error instanceof Error ? error.message.split('\n')[0] : String(error)
      return { gpu: null, why: `the package webgpu cannot be loaded (npm install webgpu): ${reason}` }
    }
  },
}

const noAdapters = { requestAdapter: async () => null }

/** Whether the loader that Dawn would open is missing. It is no addon, so opening it fails too, with another message. */
function lacksVulkan(): boolean {
  if (process.platform !== 'linux') return false
  try {
    process.dlopen({ exports: {} }, 'libvulkan.so.1')
    return false
  } catch (error) {
    return /cannot open shared object file/.test(String(error))
  }
}
