// What lowering an op needs to know besides the op.
import type { Tuning } from '../gpu/tuning.ts'
import type { HeadSizes } from '../kernels/attn_weights.ts'
import type { Float } from '../kernels/kernel.ts'
import type { GpuWeights } from '../weights/gpu-weights.ts'
import type { Registers } from './registers.ts'

export interface Lowering {
  readonly weights: GpuWeights
  readonly tuning: Tuning
  readonly sizes: HeadSizes
  /** How the cache stores keys and values. */
  readonly kv: Float
  readonly registers: Registers
  /** Whether the pass has one token. */
  readonly single: boolean
  /** Registers of the ids and patch numbers of the pass. */
  readonly ids: number
  readonly patches: number
}
