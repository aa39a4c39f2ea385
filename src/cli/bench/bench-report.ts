// What sail bench says, and what its --json prints: bench/ and scripts read these names.
import type { Measured } from './measure.ts'
import type { OpTable } from './ops.ts'
import type { Roofs } from './roofs.ts'

export interface BenchReport extends Measured {
  readonly machine: { readonly cpu: string; readonly cores: number; readonly memory: number }
  /** `vectors`: bits that V8 may join WebAssembly's vectors to. */
  readonly engine: { readonly node: string; readonly v8: string; readonly vectors: 128 | 256 }
  readonly model: {
    readonly layers: number
    readonly kernels: string
    readonly threads: number
    readonly weights: string
    /** Of webgpu. */
    readonly adapter?: { readonly name: string; readonly software: boolean }
  }
  readonly load_ms: number
  /** Of the process, before the roofs are measured. */
  readonly peak_rss_bytes: number
  readonly roofs: Roofs
  readonly ops: readonly OpTable[]
}
