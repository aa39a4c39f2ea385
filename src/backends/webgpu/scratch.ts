// The registers of all plans: buffers that grow to the largest value they ever hold, and stay. A generation counts up when
// one was exchanged, so that bind groups made before are known to be stale. In steady decode nothing grows.
import { SailError } from '../../errors.ts'
import { type PassSizes, resolveShape } from '../../graph/graph.ts'
import { sizeOf } from '../../tensor.ts'
import { STORAGE } from './gpu/flags.ts'
import type { Gpu } from './gpu/gpu.ts'
import { bytesOf, type Plan } from './plan/plan.ts'

/** A register that grows gets this much more, so that a context that grows token by token seldom exchanges it. */
const SLACK = 1.25

export class Scratch {
  readonly #gpu: Gpu
  readonly #buffers: GPUBuffer[] = []
  #generation = 0

  constructor(gpu: Gpu) {
    this.#gpu = gpu
  }

  get generation(): number {
    return this.#generation
  }

  buffer(register: number): GPUBuffer {
    return this.#buffers[register]
  }

  /** Makes room for a pass. @throws SailError E_GPU_VALUE_SIZE, E_MEMORY, E_GPU_LOST */
  async fit({ registers }: Plan, sizes: PassSizes): Promise<void> {
    const limit = this.#gpu.tuning.bindingBytes
    const wanted = registers.map((held) => {
      const needs = held.map(({ shape, type }) => bytesOf(sizeOf(resolveShape(shape, sizes)), type))
      return Math.max(16, ...needs)
    })
    const tooLarge = wanted.find((bytes) => bytes > limit)
    if (tooLarge !== undefined) throw valueSize(tooLarge, limit)
    const growing = wanted.flatMap((bytes, i) => ((this.#buffers[i]?.size ?? 0) < bytes ? [i] : []))
    if (growing.length === 0) return
    this.#generation++
    await this.#gpu.guarded('values of a pass', () => {
      for (const i of growing) {
        const old = this.#buffers[i]
        if (old !== undefined) this.#gpu.release(old)
        const bytes = old === undefined ? wanted[i] : wanted[i] * SLACK
        this.#buffers[i] = this.#gpu.buffer(`register ${i}`, Math.min(limit, bytes), STORAGE)
      }
    })
  }
}

function valueSize(bytes: number, limit: number): SailError {
  return new SailError('E_GPU_VALUE_SIZE', {
    file: 'webgpu',
    place: 'values of a pass',
    expected: `at most ${limit} bytes, the largest binding of this adapter`,
    found: `${bytes} bytes`,
    hint: 'ask for fewer patches, without attn_weights, or use backend wasm',
  })
}
