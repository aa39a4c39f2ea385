// What keeps f16 from becoming NaN unseen. Kernels that write halves look at each value as f32 first; one beyond 65504, or
// NaN, lowers the flag of the pass to the number of their step (kernel.ts). The flag is read with the outputs of each
// submission, so an overflow ends the pass before any of its numbers is used, and names the first stage that had it.
import { SailError } from '../../errors.ts'
import { STORAGE } from './gpu/flags.ts'
import type { Gpu } from './gpu/gpu.ts'

/** What a kernel's guard compares with (kernel.ts). */
export const LARGEST_F16 = 65504

/** The flag while nothing was beyond. */
const NONE = 0xffffffff

export class Guard {
  readonly #gpu: Gpu
  readonly #numbers: GPUBuffer[] = []
  /** One word. */
  readonly flag: GPUBuffer

  /** Call it inside `guarded`. */
  constructor(gpu: Gpu) {
    this.#gpu = gpu
    this.flag = gpu.buffer('flag of the guard', 4, STORAGE)
  }

  /** The buffers that a guarded kernel of step `step` binds behind its output. Call it inside `guarded`. */
  buffers(step: number): readonly [number: GPUBuffer, flag: GPUBuffer] {
    let number = this.#numbers[step]
    if (number === undefined) {
      number = this.#gpu.buffer('number of a step', 4, STORAGE)
      this.#gpu.device.queue.writeBuffer(number, 0, Uint32Array.of(step))
      this.#numbers[step] = number
    }
    return [number, this.flag]
  }

  /** Before a pass. */
  reset(): void {
    this.#gpu.device.queue.writeBuffer(this.flag, 0, Uint32Array.of(NONE))
  }
}

/** @param flag as it was read   @param steps names of the values that the steps write   @throws SailError E_GPU_F16_OVERFLOW */
export function checkFlag(flag: number, steps: readonly { readonly name: string }[]): void {
  if (flag !== NONE) throw beyond(steps[flag].name)
}

export function beyond(stage: string): SailError {
  return new SailError('E_GPU_F16_OVERFLOW', {
    file: 'webgpu',
    place: stage,
    expected: `values up to ${LARGEST_F16}, the largest f16`,
    found: 'a larger one, or one that is no number',
    hint: 'load the model with activations and kv f32',
  })
}
