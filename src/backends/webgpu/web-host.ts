// Browsers: WebGPU is navigator.gpu, in secure contexts, in pages and in workers.
import type { GpuHost } from './host.ts'

export const webGpuHost: GpuHost = {
  async open() {
    const gpu: object | undefined = globalThis.navigator?.gpu
    return { gpu: gpu ?? null, why: gpu === undefined ? 'this browser or page has no WebGPU (navigator.gpu)' : '' }
  },
}
