// Node: WebGPU is the package `webgpu` (Dawn), an optional peer: only who asks for the backend needs it. A GPU object keeps
// the process alive until its devices are destroyed and it is let go, so each load opens one of its own.
import type { GpuHost } from '../backends/webgpu/host.ts'

export const nodeGpuHost: GpuHost = {
  async open() {
    try {
      const { create } = await import('webgpu')
      return { gpu: create([]), why: '' }
    } catch (error) {
      const reason = error instanceof Error ? error.message.split('\n')[0] : String(error)
      return { gpu: null, why: `the package webgpu cannot be loaded (npm install webgpu): ${reason}` }
    }
  },
}
