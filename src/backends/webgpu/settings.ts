// What the webgpu backend can be told.
import type { Profiler } from '../backend.ts'
import type { WeightFormat } from '../wasm/plan/stored-weights.ts'
import type { Float } from './kernels/kernel.ts'

export interface GpuSettings {
  readonly weights: WeightFormat
  /** How values that products read are stored (plan/half-values.ts); f16 needs the feature shader-f16. */
  readonly activations: Float
  /** How keys and values are cached. */
  readonly kv: Float
  /** Threads that pack weights while they are loaded; passes run on the device. */
  readonly threads: number | 'auto'
  /** Most bytes of one buffer, below what the adapter allows: smaller ones split matrices. */
  readonly bindingBytes?: number
  /** Is handed the times of the ops of each pass. */
  readonly profiler?: Profiler
}
