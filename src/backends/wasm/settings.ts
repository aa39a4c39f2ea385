// What the wasm backend can be told.
import type { Profiler } from '../backend.ts'
import type { WeightFormat } from './plan/stored-weights.ts'

export interface WasmSettings {
  readonly weights: WeightFormat
  /** int: q8 and q4 matrices meet activations quantised to 8 bits. f32: only the weights are quantised. */
  readonly activations: 'f32' | 'int'
  readonly kv: 'f32' | 'f16'
  readonly threads: number | 'auto'
  readonly kernels: 'strict' | 'relaxed' | 'auto'
  readonly profiler?: Profiler
  /** Bytes that one memory may have; default all that 32-bit offsets reach. Smaller ones make more shards. */
  readonly shardBytes?: number
}
