// The contract between a graph and what executes it. A backend loads the weights once into an Engine; the engine runs
// (cut) graphs, any number of times, and owns the key/value caches. It knows nothing of images, prompts or sampling.
import type { MaskRule } from '../config/mask-rule.ts'
import type { ModelConfig } from '../config/model-config.ts'
import type { Graph } from '../graph/graph.ts'
import type { F32Tensor } from '../tensor.ts'
import type { FilePlace, PackedWeights } from '../weights/formats/packed-weights.ts'

export type BackendName = 'reference' | 'wasm' | 'webgpu'
export type WeightDtype = 'F64' | 'F32' | 'F16' | 'BF16'

/** The checkpoint's tensors as raw little-endian bytes, row-major. `Checkpoint` of src/weights is one. */
export interface WeightSource {
  readonly tensors: ReadonlyMap<
    string,
    {
      readonly dtype: WeightDtype
      readonly shape: readonly number[]
      /** File or URL that holds it, for errors. */
      readonly path?: string
    }
  >
  /** Bytes of rows [from, to) of a tensor (rows = the first axis); all rows by default. */
  read(name: string, from?: number, to?: number, signal?: AbortSignal): Promise<Uint8Array>
  /** Where a tensor's rows lie in an open file of this process; null or absent: only `read` reaches them. */
  place?(name: string): FilePlace | null
  /** The same weights as the wasm kernels want them, where they come from a packed folder. */
  readonly packed?: PackedWeights
}

export interface LoadProgress {
  readonly phase: 'read' | 'pack' | 'compile' | 'warmup' | 'ready'
  readonly file?: string
  /** Bytes so far and in all; never going back. */
  readonly loaded: number
  readonly total: number
}

export interface LoadRequest {
  readonly config: ModelConfig
  readonly weights: WeightSource
  /** f32 (default), or bf16: round every op's result as PyTorch does when it runs in bf16 (reference backend only). */
  readonly numerics: 'f32' | 'bf16'
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: LoadProgress) => void
}

export interface EngineInfo {
  readonly backend: BackendName
  readonly kernels: 'plain' | 'strict' | 'relaxed' | 'wgsl'
  readonly threads: number
  readonly weights: 'exact' | 'f32' | 'bf16' | 'q8' | 'q4'
  /** Of webgpu: what computes, and whether that is software on the CPU. */
  readonly adapter?: { readonly name: string; readonly software: boolean }
  /** Why it is so: what `auto` chose, what is missing here. */
  readonly notes: readonly string[]
}

export type { MaskRule }

/** One op of a pass on one worker. */
export interface OpTime {
  /** From 0. */
  readonly worker: number
  /** 'linear q4 4096 x 14336', 'attention', 'rmsNorm', .. */
  readonly name: string
  /** Rows [first, first + rows) of the pass. */
  readonly first: number
  readonly rows: number
  /** Milliseconds since 1970. */
  readonly begin: number
  readonly ms: number
  /** An even share of the op's arithmetic operations, and of the bytes that it must at least move. */
  readonly flops: number
  readonly bytes: number
}

export interface PassProfile {
  /** S */
  readonly tokens: number
  /** K */
  readonly keys: number
  /**
   * Whose clock: host, each worker's; device, a GPU's timestamps; submissions, the host's again, with each op of a GPU
   * submitted and waited for alone, so that the way there and back counts.
   */
  readonly clock: 'host' | 'device' | 'submissions'
  /** Worker by worker, each in the order of time. */
  readonly ops: readonly OpTime[]
}

/** Takes the times of passes; a pass is measured only when `active` is true as it begins. */
export interface Profiler {
  readonly active: boolean
  take(profile: PassProfile): void
}

/** Keys and values of the tokens seen so far, for all layers. */
export interface KvCache {
  readonly length: number
  /** Forgets the tokens from index `length` on: how a prefix is used again. */
  truncate(length: number): void
  free(): void
}

export interface Pass {
  readonly graph: Graph
  readonly cache: KvCache
  /** (S): token ids of this pass. */
  readonly ids: Int32Array
  /** (3, S): position ids on the axes t, h, w. */
  readonly positions: Int32Array
  readonly mask: MaskRule
  /** (S): patch number or -1; needed by graphs with a scatterAdd. */
  readonly patchIndices?: Int32Array
  /** Values for the graph's inputs, by stage name. */
  readonly given: ReadonlyMap<string, F32Tensor>
  /** Whether cache.length grows by S afterwards; false leaves the cache as it was (stage checks). */
  readonly keep: boolean
  /**
   * Takes each output as soon as it is made, in the order of the ops; the result is then empty. The run waits for it, so
   * that whoever writes outputs to a file holds one of them in memory and not all; what it throws ends the run. Later ops
   * still read the tensor: it must not be changed.
   */
  readonly onOutput?: (name: string, tensor: F32Tensor) => Promise<void>
  readonly signal?: AbortSignal
}

export interface Engine {
  readonly info: EngineInfo
  createCache(): KvCache
  /** Runs one pass and returns the graph's outputs by stage name. Checks the signal between layers. */
  run(pass: Pass): Promise<Map<string, F32Tensor>>
  close(): Promise<void>
}

export interface Backend {
  readonly name: BackendName
  load(request: LoadRequest): Promise<Engine>
}
