// The Pass uniform of each pass, in one buffer with room for several: the host writes the next slot while the device still
// reads the last ones, and no buffer is made for a token.
import type { MaskRule } from '../../config/mask-rule.ts'
import type { PassSizes } from '../../graph/graph.ts'
import { usage } from './gpu/flags.ts'
import type { Gpu } from './gpu/gpu.ts'
import { PASS_BYTES } from './kernels/kernel.ts'

const SLOTS = 16
/** Offsets of dynamic bindings are multiples of this on every adapter. */
const STRIDE = 256

export class UniformRing {
  readonly #gpu: Gpu
  readonly buffer: GPUBuffer
  #next = 0

  /** Call it inside `guarded`. */
  constructor(gpu: Gpu) {
    this.#gpu = gpu
    this.buffer = gpu.buffer('uniform ring', SLOTS * STRIDE, usage.uniform | usage.copyDst)
  }

  /** Writes a slot and gives its offset. Call it inside `guarded`. */
  write({ S, K, P }: PassSizes, { kind, window }: MaskRule): number {
    const offset = this.#next * STRIDE
    this.#next = (this.#next + 1) % SLOTS
    const words = new Uint32Array(PASS_BYTES / 4)
    words.set([S, K, P, kind === 'causal' ? 1 : 0, window ?? 0])
    this.#gpu.device.queue.writeBuffer(this.buffer, offset, words)
    return offset
  }
}
