// The device's own clock: each step is a compute pass that notes when it began and ended. Queries are numbers on the device,
// so a submission ends by resolving them into a buffer that the host can read. Made when a pass is first profiled.
import { MAP_READ, usage } from '../gpu/flags.ts'
import type { Gpu } from '../gpu/gpu.ts'

/** Steps of one submission: a query set holds 4096 queries. */
export const MOST_STEPS = 2048

/** Nanoseconds. */
const BYTES = 8

export class Timestamps {
  readonly #gpu: Gpu
  readonly #queries: GPUQuerySet
  readonly #resolved: GPUBuffer
  readonly #read: GPUBuffer

  /** @throws SailError E_MEMORY, E_GPU_LOST */
  static make(gpu: Gpu): Promise<Timestamps> {
    return gpu.guarded('timestamps', () => new Timestamps(gpu))
  }

  private constructor(gpu: Gpu) {
    this.#gpu = gpu
    const [count, bytes] = [2 * MOST_STEPS, 2 * MOST_STEPS * BYTES]
    this.#queries = gpu.device.createQuerySet({ type: 'timestamp', count })
    this.#resolved = gpu.buffer('timestamps', bytes, usage.queryResolve | usage.copySrc)
    this.#read = gpu.buffer('timestamps read', bytes, usage.mapRead | usage.copyDst)
  }

  /** For the compute pass of step number `step` of a submission. */
  writes(step: number): GPUComputePassTimestampWrites {
    return { querySet: this.#queries, beginningOfPassWriteIndex: 2 * step, endOfPassWriteIndex: 2 * step + 1 }
  }

  resolve(encoder: GPUCommandEncoder, steps: number): void {
    encoder.resolveQuerySet(this.#queries, 0, 2 * steps, this.#resolved, 0)
    encoder.copyBufferToBuffer(this.#resolved, 0, this.#read, 0, 2 * steps * BYTES)
  }

  /** Begin and end of each step in milliseconds, on a clock that began whenever. @throws SailError E_GPU_LOST */
  async read(steps: number): Promise<readonly (readonly [begin: number, end: number])[]> {
    const bytes = 2 * steps * BYTES
    await this.#gpu.wait(this.#read.mapAsync(MAP_READ, 0, bytes))
    const times = new BigUint64Array(this.#read.getMappedRange(0, bytes).slice(0))
    this.#read.unmap()
    return Array.from({ length: steps }, (_, i) => [Number(times[2 * i]) / 1e6, Number(times[2 * i + 1]) / 1e6])
  }
}
