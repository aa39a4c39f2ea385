// Keys and values of the tokens seen so far: for each layer two buffers (capacity, G * E), a row a token, in f32 or f16. They
// double when they are full, each copied on the device; weights do not move. As in every backend `length` moves only when a
// pass is kept.
import { SailError } from '../../errors.ts'
import type { GraphSizes } from '../../graph/graph.ts'
import type { KvCache } from '../backend.ts'
import { type CacheState, expectIdle, expectLength } from '../check-cache.ts'
import { STORAGE } from './gpu/flags.ts'
import type { Gpu } from './gpu/gpu.ts'
import type { Float } from './kernels/kernel.ts'

const FIRST_CAPACITY = 128

interface Rows {
  readonly k: GPUBuffer
  readonly v: GPUBuffer
}

export class GpuCache implements KvCache {
  readonly owner: object
  readonly #gpu: Gpu
  readonly #layerCount: number
  /** Bytes of the keys, or the values, of a token in a layer. */
  readonly #rowBytes: number
  #layers: readonly Rows[] = []
  #capacity = 0
  #generation = 0
  #length = 0
  #state: CacheState = 'idle'

  constructor(owner: object, gpu: Gpu, { L, G, E }: GraphSizes, kv: Float) {
    this.owner = owner
    this.#gpu = gpu
    this.#layerCount = L
    this.#rowBytes = G * E * (kv === 'f16' ? 2 : 4)
  }

  get length(): number {
    return this.#length
  }

  /** Counts up whenever the buffers are others. */
  get generation(): number {
    return this.#generation
  }

  rows(layer: number, part: 'k' | 'v'): GPUBuffer {
    return this.#layers[layer][part]
  }

  truncate(length: number): void {
    expectIdle(this.#state, 'truncate')
    expectLength(length, this.#length)
    this.#length = length
  }

  free(): void {
    if (this.#state === 'freed') return
    expectIdle(this.#state, 'free')
    this.#release(this.#layers)
    this.#layers = []
    this.#length = 0
    this.#state = 'freed'
  }

  /** Takes the cache for one pass and makes room for `length` tokens. Hand it back with `end`. */
  async begin(length: number): Promise<void> {
    expectIdle(this.#state, 'run')
    this.#state = 'running'
    try {
      if (length > this.#capacity) await this.#grow(length)
    } catch (error) {
      this.#state = 'idle'
      throw error
    }
  }

  /** Ends a pass; the cache is `length` tokens long from here on. */
  end(length: number): void {
    this.#length = length
    this.#state = 'idle'
  }

  async #grow(length: number): Promise<void> {
    const { tuning, device } = this.#gpu
    const most = Math.floor(tuning.bindingBytes / this.#rowBytes)
    if (length > most) throw tooLong(length, most)
    const capacity = Math.min(most, Math.max(length, FIRST_CAPACITY, this.#capacity * 2))
    const old = this.#layers
    const made: Rows[] = []
    try {
      await this.#gpu.guarded(`keys and values of ${capacity} tokens`, () => {
        const encoder = device.createCommandEncoder()
        const wider = (label: string, from: GPUBuffer | undefined): GPUBuffer => {
          const buffer = this.#gpu.buffer(label, capacity * this.#rowBytes, STORAGE)
          const bytes = this.#length * this.#rowBytes
          if (from !== undefined && bytes > 0) encoder.copyBufferToBuffer(from, 0, buffer, 0, bytes)
          return buffer
        }
        for (let i = 0; i < this.#layerCount; i++)
          made.push({ k: wider(`k ${i}`, old[i]?.k), v: wider(`v ${i}`, old[i]?.v) })
        device.queue.submit([encoder.finish()])
      })
    } catch (error) {
      this.#release(made)
      throw error
    }
    this.#layers = made
    this.#capacity = capacity
    this.#generation++
    this.#release(old)
  }

  #release(layers: readonly Rows[]): void {
    for (const { k, v } of layers) {
      this.#gpu.release(k)
      this.#gpu.release(v)
    }
  }
}

function tooLong(length: number, most: number): SailError {
  return new SailError('E_GPU_VALUE_SIZE', {
    file: 'webgpu',
    place: 'keys and values',
    expected: `at most ${most} tokens, what the largest binding of this adapter holds`,
    found: `${length}`,
    hint: 'ask something shorter, take kv f16, or use backend wasm',
  })
}
