// The numbers of GPUBufferUsage and GPUMapMode: in node they are no globals, and WebGPU fixes them for good.
export const usage = {
  mapRead: 0x1,
  copySrc: 0x4,
  copyDst: 0x8,
  uniform: 0x40,
  storage: 0x80,
  queryResolve: 0x200,
} as const

/** What may be written by the host or a kernel, and read back. */
export const STORAGE = usage.storage | usage.copySrc | usage.copyDst

export const MAP_READ = 1
