// A device for tests of single kernels: buffers in, one dispatch, the output back. Around what a kernel should write stand
// guard words that must still be there afterwards.
import { expect } from 'vitest'
import { findAdapter } from '../../src/backends/webgpu/gpu/adapter.ts'
import { MAP_READ, STORAGE, usage } from '../../src/backends/webgpu/gpu/flags.ts'
import type { Gpu } from '../../src/backends/webgpu/gpu/gpu.ts'
import { openDevice } from '../../src/backends/webgpu/gpu/open-device.ts'
import { Guard } from '../../src/backends/webgpu/guard.ts'
import type { Kernel } from '../../src/backends/webgpu/kernels/kernel.ts'
import { UniformRing } from '../../src/backends/webgpu/uniform-ring.ts'
import type { MaskRule } from '../../src/config/mask-rule.ts'
import { nodeGpuHost } from '../../src/node/gpu-host.ts'

export async function testDevice(): Promise<Gpu> {
  return openDevice(await findAdapter(nodeGpuHost))
}

export interface Call {
  readonly inputs: readonly (Float32Array | Uint32Array | Int32Array | Uint16Array | Uint8Array)[]
  /** Words that the kernel must write, and where the first of them stands in its output. */
  readonly out: number
  readonly at?: number
  readonly grid: readonly [number, number]
  readonly sizes?: { readonly S?: number; readonly K?: number; readonly P?: number }
  readonly mask?: MaskRule
}

const GUARD = 12345.5
const ROOM = 64

/** The number of the step, as the guard knows it, of a kernel under test. */
export const STEP = 7

/** The `out` words that one dispatch writes behind `at`; all words around them are unchanged. */
export async function runKernel(gpu: Gpu, kernel: Kernel, call: Call): Promise<Float32Array> {
  return (await runGuarded(gpu, kernel, call)).values
}

/** The same, and the flag of the guard: STEP when something was beyond f16, else 2^32 - 1. */
export async function runGuarded(
  gpu: Gpu,
  kernel: Kernel,
  call: Call,
): Promise<{ readonly values: Float32Array; readonly flag: number }> {
  const { inputs, out, at = 0, grid, sizes = {}, mask = { kind: 'full', window: null } } = call
  const { device } = gpu
  const pipeline = await gpu.pipeline(kernel)
  const words = at + out + ROOM
  const { output, read } = await gpu.guarded('a kernel under test', () => {
    const ring = new UniformRing(gpu)
    const { S = 1, K = S, P = 0 } = sizes
    const offset = ring.write({ S, K, P }, mask)
    const buffers = [...inputs, new Float32Array(words).fill(GUARD)].map((data) => {
      const buffer = gpu.buffer('test', data.byteLength, STORAGE)
      device.queue.writeBuffer(buffer, 0, data as Float32Array<ArrayBuffer>)
      return buffer
    })
    expect(buffers.length).toBe(kernel.buffers)
    const guard = new Guard(gpu)
    guard.reset()
    const [number, flag] = guard.buffers(STEP)
    const bound = kernel.guarded ? [...buffers, number, flag] : buffers
    const entries = bound.map((buffer, i) => ({ binding: i + 1, resource: { buffer } }))
    const uniform = { binding: 0, resource: { buffer: ring.buffer, size: 32 } }
    const encoder = device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    pass.setPipeline(pipeline)
    const group = device.createBindGroup({ layout: gpu.layout(kernel), entries: [uniform, ...entries] })
    pass.setBindGroup(0, group, [offset])
    pass.dispatchWorkgroups(...grid)
    pass.end()
    const read = gpu.buffer('read', words * 4 + 4, usage.mapRead | usage.copyDst)
    const output = buffers[buffers.length - 1]
    encoder.copyBufferToBuffer(output, 0, read, 0, words * 4)
    encoder.copyBufferToBuffer(flag, 0, read, words * 4, 4)
    device.queue.submit([encoder.finish()])
    return { output: [ring.buffer, ...buffers, number, flag], read }
  })
  await gpu.wait(read.mapAsync(MAP_READ))
  const bytes = read.getMappedRange().slice(0)
  const values = new Float32Array(bytes, 0, words)
  const [flag] = new Uint32Array(bytes, words * 4, 1)
  for (const buffer of [...output, read]) gpu.release(buffer)
  expect([...values.slice(0, at)].every((value) => value === GUARD)).toBe(true)
  expect([...values.slice(at + out, words)].every((value) => value === GUARD)).toBe(true)
  return { values: values.slice(at, at + out), flag }
}

/** n seeded numbers, all different, both signs. */
export function distinct(n: number, seed = 1): Float32Array {
  return Float32Array.from({ length: n }, (_, i) => Math.sin(seed + 1.7 * i) * (1 + (i % 5)))
}
