// From the device to the host: outputs are copied into one buffer that the host can map, and taken from there. It grows to
// the largest pass and is used again. An abort does not wait for the device: the mapping is given up, and what was
// submitted ends unheard.
import { MAP_READ, usage } from './gpu/flags.ts'
import type { Gpu } from './gpu/gpu.ts'

export class ReadBack {
  readonly #gpu: Gpu
  #buffer: GPUBuffer | null = null

  constructor(gpu: Gpu) {
    this.#gpu = gpu
  }

  /** A buffer to copy `bytes` into. @throws SailError E_MEMORY, E_GPU_LOST */
  async fit(bytes: number): Promise<GPUBuffer> {
    if (this.#buffer !== null && this.#buffer.size >= bytes) return this.#buffer
    if (this.#buffer !== null) this.#gpu.release(this.#buffer)
    this.#buffer = null
    const made = await this.#gpu.guarded(`reading ${bytes} bytes back`, () =>
      this.#gpu.buffer('read back', bytes, usage.mapRead | usage.copyDst),
    )
    this.#buffer = made
    return made
  }

  /** The first `bytes`, once the device has written them. @throws SailError E_GPU_LOST; signal.reason */
  async read(bytes: number, signal?: AbortSignal): Promise<ArrayBuffer> {
    const buffer = this.#buffer!
    const stop = (): void => buffer.unmap()
    signal?.addEventListener('abort', stop, { once: true })
    try {
      await this.#gpu.wait(buffer.mapAsync(MAP_READ, 0, Math.ceil(bytes / 4) * 4))
      signal?.throwIfAborted()
      return buffer.getMappedRange(0, Math.ceil(bytes / 4) * 4).slice(0, bytes)
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    } finally {
      signal?.removeEventListener('abort', stop)
      buffer.unmap()
    }
  }
}
