// A plan with real buffers: pipelines compiled, bind groups made. It holds until a register or the cache gets another buffer.
import type { Gpu } from '../gpu/gpu.ts'
import type { Guard } from '../guard.ts'
import { PASS_BYTES } from '../kernels/kernel.ts'
import type { GpuCache } from '../kv-cache.ts'
import type { Scratch } from '../scratch.ts'
import type { Plan, Source } from './plan.ts'

export interface Buffers {
  readonly gpu: Gpu
  readonly scratch: Scratch
  readonly cache: GpuCache
  readonly uniform: GPUBuffer
  readonly guard: Guard
}

/** A dispatch ready to be encoded. */
interface BoundDispatch {
  readonly pipeline: GPUComputePipeline
  readonly group: GPUBindGroup
}

export interface Bound {
  /** By step, in the order of its dispatches. */
  readonly steps: readonly (readonly BoundDispatch[])[]
  fits(buffers: Buffers): boolean
}

/** @throws SailError E_GPU_INVALID, E_GPU_LOST */
export async function bind(plan: Plan, buffers: Buffers): Promise<Bound> {
  const { gpu, scratch, cache, uniform, guard } = buffers
  const [scratchGeneration, cacheGeneration] = [scratch.generation, cache.generation]
  const all = await Promise.all(
    plan.steps.map(({ dispatches }) => Promise.all(dispatches.map(({ kernel }) => gpu.pipeline(kernel)))),
  )
  const pass = { binding: 0, resource: { buffer: uniform, size: PASS_BYTES } }
  const steps = await gpu.guarded('binding buffers', () =>
    plan.steps.map(({ dispatches }, i) =>
      dispatches.map(({ kernel, sources }, j) => {
        const own = sources.map((source) => bufferOf(source, buffers))
        const bound = kernel.guarded ? [...own, ...guard.buffers(i)] : own
        const entries = bound.map((buffer, n) => ({ binding: n + 1, resource: { buffer } }))
        const layout = gpu.layout(kernel)
        const group = gpu.device.createBindGroup({ label: kernel.name, layout, entries: [pass, ...entries] })
        return { pipeline: all[i][j], group }
      }),
    ),
  )
  return {
    steps,
    fits: (now) =>
      now.cache === cache && now.cache.generation === cacheGeneration && now.scratch.generation === scratchGeneration,
  }
}

export function bufferOf(source: Source, { scratch, cache }: Pick<Buffers, 'scratch' | 'cache'>): GPUBuffer {
  switch (source.kind) {
    case 'register':
      return scratch.buffer(source.register)
    case 'weight':
      return source.buffer
    case 'cache':
      return cache.rows(source.layer, source.part)
  }
}
