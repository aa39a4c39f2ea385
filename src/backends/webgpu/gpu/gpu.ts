// One device, its buffers and its compiled kernels. WebGPU reports faults late and beside the call that caused them; here
// every fault becomes one typed error at the next wait:
//   E_GPU_LOST      the device is gone: driver reset, unplugged, destroyed. Nothing of it works any more
//   E_MEMORY        a buffer could not be had
//   E_GPU_INVALID   WebGPU refused what it was told: a fault of this backend or of the driver
import { SailError } from '../../../errors.ts'
import { type Kernel, PASS_BYTES } from '../kernels/kernel.ts'
import type { Tuning } from './tuning.ts'

export class Gpu {
  readonly device: GPUDevice
  readonly tuning: Tuning
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>()
  readonly #layouts = new Map<string, GPUBindGroupLayout>()
  readonly #buffers = new Set<GPUBuffer>()
  /** Ends what waits now. A race with one promise of the device's loss would keep a trace of every wait there ever was. */
  readonly #waiting = new Set<(reason: SailError) => void>()
  #lost: SailError | null = null
  /** Held until the device has said that it is gone: Dawn crashes when it is collected before, and keeps a process alive. */
  #entry: object | null
  #closed = false

  constructor(device: GPUDevice, tuning: Tuning, entry: object) {
    this.#entry = entry
    this.device = device
    this.tuning = tuning
    void device.lost.then((info) => {
      this.#lost = lost(info)
      for (const end of this.#waiting) end(this.#lost)
    })
  }

  /** A buffer of whole vectors. Call it inside `guarded`, or a failure goes unseen. */
  buffer(label: string, bytes: number, usage: number): GPUBuffer {
    const size = Math.max(16, Math.ceil(bytes / 16) * 16)
    const buffer = this.device.createBuffer({ label, size, usage })
    this.#buffers.add(buffer)
    return buffer
  }

  release(buffer: GPUBuffer): void {
    this.#buffers.delete(buffer)
    buffer.destroy()
  }

  /** The compiled kernel; each text is compiled once. @throws SailError E_GPU_INVALID, E_GPU_LOST */
  pipeline(kernel: Kernel): Promise<GPUComputePipeline> {
    const known = this.#pipelines.get(kernel.code)
    if (known !== undefined) return known
    const made = this.#compile(kernel)
    this.#pipelines.set(kernel.code, made)
    return made
  }

  /** Binding 0 is the uniform of the pass at an offset of its own, then inputs and the output, then what the guard needs. */
  layout({ buffers, guarded }: Kernel): GPUBindGroupLayout {
    const key = `${buffers} ${guarded}`
    const known = this.#layouts.get(key)
    if (known !== undefined) return known
    const visibility = 4 // GPUShaderStage.COMPUTE
    const written = guarded ? [buffers - 1, buffers + 1] : [buffers - 1]
    const storage = Array.from({ length: buffers + (guarded ? 2 : 0) }, (_, i): GPUBindGroupLayoutEntry => {
      const type = written.includes(i) ? 'storage' : 'read-only-storage'
      return { binding: i + 1, visibility, buffer: { type } }
    })
    const pass = { type: 'uniform', hasDynamicOffset: true, minBindingSize: PASS_BYTES } as const
    const layout = this.device.createBindGroupLayout({
      entries: [{ binding: 0, visibility, buffer: pass }, ...storage],
    })
    this.#layouts.set(key, layout)
    return layout
  }

  /** Runs `work`, then waits for what the device says about it. @throws SailError E_GPU_LOST, E_MEMORY, E_GPU_INVALID */
  async guarded<T>(doing: string, work: () => T): Promise<T> {
    this.checkAlive()
    const { device } = this
    const scopes = ['validation', 'internal', 'out-of-memory'] as const
    for (const scope of scopes) device.pushErrorScope(scope)
    let errors: Promise<GPUError | null>[] = []
    let result: T
    try {
      result = work()
    } finally {
      errors = scopes.map(() => device.popErrorScope())
      for (const error of errors) error.catch(() => {}) // a lost device answers none of them
    }
    const [outOfMemory, ...others] = await this.wait(Promise.all(errors))
    if (outOfMemory) throw noMemory(doing, outOfMemory)
    const other = others.find((error) => error !== null)
    if (other) throw invalid(doing, other)
    return result
  }

  /** A promise of the device, ended early by its loss. @throws SailError E_GPU_LOST */
  async wait<T>(promise: Promise<T>): Promise<T> {
    this.checkAlive()
    let end: (reason: SailError) => void = () => {}
    const ended = new Promise<never>((_, reject) => {
      end = reject
      this.#waiting.add(end)
    })
    try {
      return await Promise.race([promise, ended])
    } catch (error) {
      // A loss makes pending promises fail, in no fixed order: let it be told first.
      await new Promise((resolve) => setTimeout(resolve))
      this.checkAlive()
      throw error
    } finally {
      this.#waiting.delete(end)
    }
  }

  /** @throws SailError E_GPU_LOST */
  checkAlive(): void {
    if (this.#lost !== null) throw this.#lost
    if (this.#entry === null) throw lost({ reason: 'destroyed', message: '' })
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const buffer of this.#buffers) buffer.destroy()
    this.#buffers.clear()
    this.#pipelines.clear()
    this.device.destroy()
    void this.device.lost.then(() => {
      this.#entry = null
    })
  }

  async #compile(kernel: Kernel): Promise<GPUComputePipeline> {
    const { device } = this
    this.checkAlive()
    device.pushErrorScope('validation')
    const module = device.createShaderModule({ label: kernel.name, code: kernel.code })
    const layout = device.createPipelineLayout({ bindGroupLayouts: [this.layout(kernel)] })
    device.popErrorScope().catch(() => {}) // the pipeline says the same
    const made = device.createComputePipelineAsync({ label: kernel.name, layout, compute: { module } })
    try {
      return await this.wait(made)
    } catch (cause) {
      throw cause instanceof SailError ? cause : invalid(`compiling ${kernel.name}`, cause)
    }
  }
}

function lost({ reason, message }: Pick<GPUDeviceLostInfo, 'reason' | 'message'>): SailError {
  return new SailError('E_GPU_LOST', {
    file: 'webgpu',
    expected: 'a device that works',
    found: `it was lost (${[reason || 'unknown', message].filter((word) => word !== '').join(': ')})`,
    hint: 'load the model again',
  })
}

function noMemory(doing: string, { message }: GPUError): SailError {
  return new SailError('E_MEMORY', {
    file: 'webgpu',
    place: doing,
    expected: 'enough memory on the adapter',
    found: message || 'none left',
    hint: 'close other models, or choose a smaller weight format',
  })
}

function invalid(doing: string, cause: unknown): SailError {
  const found = cause instanceof Error || (typeof cause === 'object' && cause !== null && 'message' in cause)
  return new SailError('E_GPU_INVALID', {
    file: 'webgpu',
    place: doing,
    expected: 'commands that WebGPU accepts',
    found: found ? String(cause.message).slice(0, 1000) : String(cause),
    hint: 'use backend wasm, and report this',
    cause,
  })
}
