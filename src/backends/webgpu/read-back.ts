// From the device to the host: outputs are copied into one buffer that the host can map, and taken from there. It grows to
// the largest pass and is used again. An abort does not wait for the device: the mapping is given up, and what was
// submitted ends unheard. The next pass waits for that end: else aborts that come faster than the device works fill its
// queue, and the process grows by what each of them keeps.
import { MAP_READ, usage } from './gpu/flags.ts'
import type { Gpu } from './gpu/gpu.ts'

export class ReadBack {
  readonly #gpu: Gpu
  #buffer: GPUBuffer | null = null
  /** The end of work that an abort has left behind. */
  #abandoned: Promise<unknown> | null = null

  constructor(gpu: Gpu) {
    this.#gpu = gpu
  }

  /** A buffer to copy `bytes` into, once no abandoned work is under way. @throws SailError E_MEMORY, E_GPU_LOST; signal.reason */
  async fit(bytes: number, signal?: AbortSignal): Promise<GPUBuffer> {
    if (this.#abandoned !== null) await this.#gpu.wait(unlessAborted(this.#abandoned, signal))
    this.#abandoned = null
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
      if (signal?.aborted) this.#abandoned = this.#gpu.device.queue.onSubmittedWorkDone()
      signal?.throwIfAborted()
      throw error
    } finally {
      signal?.removeEventListener('abort', stop)
      buffer.unmap()
    }
  }
}

/** @throws signal.reason, at once */
async function unlessAborted(work: Promise<unknown>, signal?: AbortSignal): Promise<void> {
  let stop = (): void => {}
  const aborted = new Promise<void>((resolve) => {
    stop = resolve
  })
  signal?.throwIfAborted()
  signal?.addEventListener('abort', stop, { once: true })
  await Promise.race([work, aborted]).finally(() => signal?.removeEventListener('abort', stop))
  signal?.throwIfAborted()
}
