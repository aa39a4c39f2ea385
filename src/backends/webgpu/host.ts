// What the webgpu backend needs of its surroundings: the entry to WebGPU. web-host.ts (navigator.gpu) and
// src/node/gpu-host.ts (the package `webgpu`) are the two that exist.
export interface GpuHost {
  /** The `GPU` object of the WebGPU standard, or null and why there is none. Its type is not named: users may lack it. */
  open(): Promise<{ readonly gpu: object | null; readonly why: string }>
}
