// The types of the public API: what goes into Sail.load, ask, stream, features, trace, and what comes out.
import type { BackendName, EngineInfo, LoadProgress, MaskRule, Profiler } from './backends/backend.ts'
import type { F32Tensor, Tensor, U8Tensor } from './tensor.ts'

/** A checkpoint: folder path (node), base URL, or a map of file name to Blob. */
export type Source = string | URL | ReadonlyMap<string, Blob>

/** Row-major RGB bytes, height * width * 3. */
export interface RawImage {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
  /** What errors call it, default 'image'. */
  readonly file?: string
}

/** PNG or JPEG as a path (node), URL, bytes or Blob; or RGB pixels. */
export type ImageInput = string | URL | Uint8Array | Blob | RawImage

export interface LoadOptions {
  /** auto (default) picks what can run here and says what and why in `info.notes`. */
  readonly backend?: BackendName | 'auto'
  /** exact (default): bf16 stays bf16, all else f32; of a packed folder its own format, the only one that it has. */
  readonly weights?: 'exact' | 'f32' | 'bf16' | 'q8' | 'q4'
  /** f32 (default); bf16 rounds where PyTorch does when it runs in bf16. */
  readonly numerics?: 'f32' | 'bf16'
  /**
   * Values between the layers, f32 by default. int: with q8 and q4 on wasm, its default there. f16: on webgpu, where the
   * adapter has shader-f16: what products read is stored so, sums and the residual stream are f32; a value beyond 65504 is
   * E_GPU_F16_OVERFLOW.
   */
  readonly activations?: 'f32' | 'int' | 'f16'
  /** Cached keys and values, f32 by default; f16 on wasm and webgpu. */
  readonly kv?: 'f32' | 'f16'
  /** 1 or more, or auto (default). */
  readonly threads?: number | 'auto'
  readonly kernels?: 'strict' | 'relaxed' | 'auto'
  /** Most patches an image may take, 1..4096 (default 4096, as upstream). */
  readonly maxPatches?: number
  /** Most pixels an image may have, 1..2^31 - 1 (default 178956970, as Pillow). */
  readonly maxPixels?: number
  /** A throw in it rejects the load. */
  readonly onProgress?: (progress: LoadProgress) => void
  /** Times each op of each pass (wasm and webgpu backends); without it nothing is timed. */
  readonly profiler?: Profiler
  readonly signal?: AbortSignal
  /** Receives warnings (unexpected tensors, EXIF orientation ignored); nothing is printed by the library. */
  readonly logger?: (message: string) => void
}

export interface Question {
  readonly image?: ImageInput
  readonly prompt: string
  /** Send the text as it is, without the family's template. */
  readonly raw?: boolean
}

export interface GenerateOptions {
  /** 1 or more, default 1024. */
  readonly maxNewTokens?: number
  /** 0 (default) is greedy; sampling is on exactly when it is above 0. */
  readonly temperature?: number
  /** 0 = off; default 50 when sampling, as Hugging Face. */
  readonly topK?: number
  /** 0..1, default 1 = off. */
  readonly topP?: number
  /** 0..1, default 0 = off. */
  readonly minP?: number
  /** above 0, default 1 = off; applies to greedy too. */
  readonly repetitionPenalty?: number
  /** Integer from 0 to 2^53 - 1; default: drawn, and reported in the answer. */
  readonly seed?: number
  /** The first of these to be complete in the generated text ends it and is cut off. */
  readonly stop?: readonly string[]
  /** How many of the most likely ids to report a token, 0 = only the chosen one; default: none at all. */
  readonly logprobs?: number
  readonly signal?: AbortSignal
  /** On abort: throw signal.reason (default), or return what there is with finish reason 'abort'. */
  readonly onAbort?: 'throw' | 'return'
}

/** Natural logarithms of probabilities over the whole vocabulary, of the raw logits: before penalties and filters. */
export interface TokenLogprob {
  readonly id: number
  readonly logprob: number
  /** The most likely ids, likeliest first. */
  readonly top: readonly { readonly id: number; readonly logprob: number }[]
}

/** stop: an eos id or a stop string. length: maxNewTokens, or the last position of the model. abort: the signal. */
export type FinishReason = 'stop' | 'length' | 'abort'

/** Where the time went, in milliseconds. */
export interface Timings {
  readonly loadMs: number
  /** 0 when the image prefix was taken from the cache. */
  readonly prefixMs: number
  readonly promptMs: number
  readonly decodeMs: number
  /** Of the decode steps; 0 when the first token was the last. */
  readonly tokensPerSecond: number
}

export interface Answer {
  readonly text: string
  /** The new ids, eos included when it was hit. */
  readonly ids: readonly number[]
  readonly finishReason: FinishReason
  /** Patches [GH, GW]; null without an image. */
  readonly grid: readonly [number, number] | null
  /** Tokens of the image, both brackets included; 0 without one. */
  readonly prefixTokens: number
  /** Tokens of the prompt, its template included. */
  readonly promptTokens: number
  readonly timings: Timings
  /** null when greedy. */
  readonly seed: number | null
  /** Of the raw logits; one a token, when asked for. */
  readonly logprobs?: readonly TokenLogprob[]
}

export interface Piece {
  /** Whole characters only, '' while one is incomplete or could start a stop string; all pieces add up to the answer's text. */
  readonly text: string
  readonly ids: readonly number[]
  readonly logprobs?: readonly TokenLogprob[]
}

/** (GH, GW, D): final_norm of the prefix pass at the patches. */
export interface Features extends F32Tensor {
  /** Patches [GH, GW]. */
  readonly grid: readonly [number, number]
}

/** One pass of a sequence through the model: tokens [from, to). */
export interface PassPlan {
  /** 'prefix' or 'text'. */
  readonly name: string
  readonly from: number
  readonly to: number
  readonly mask: MaskRule
}

/** Everything that happens before the first pass: plain data, so that a verifier can replace any part of it. */
export interface Prepared {
  readonly image: {
    /** (height, width, 3), as decoded. */
    readonly rgb: U8Tensor
    /** (GH * p, GW * p, 3) */
    readonly resized: U8Tensor
  } | null
  /** (P, 3 * p * p), null without an image. */
  readonly patches: F32Tensor | null
  /** Patches [GH, GW]; null without an image. */
  readonly grid: readonly [number, number] | null
  /** (T) */
  readonly ids: Int32Array
  /** (T): number of the patch that is added at the token, or -1. */
  readonly patchIndices: Int32Array
  /** (3, T): position ids on the axes t, h, w, axis by axis. */
  readonly positions: Int32Array
  /** Tokens of the image, both brackets included; 0 without one. */
  readonly prefixLength: number
  /** Position of the first generated token, on all axes. */
  readonly nextPosition: number
  readonly passes: readonly PassPlan[]
}

export interface StageRequest {
  /** Stage names within the pass ('layers.0.q_rope'), exact names. */
  readonly stages?: readonly string[]
  /** What 'next_top' (2, count) holds: the largest of next_logits among the ids under `below`, then these ids. */
  readonly top?: { readonly count: number; readonly below: number }
  /** Values that replace what would be computed, by stage name within the pass. */
  readonly given?: ReadonlyMap<string, F32Tensor>
  /** Whether the tokens of the pass stay in the cache, default true. */
  readonly keep?: boolean
  /** Takes each stage as soon as it is made, instead of having it in the result; the pass waits for it. */
  readonly onStage?: (name: string, tensor: F32Tensor) => Promise<void>
  readonly signal?: AbortSignal
}

/** One prepared sequence on the engine: its passes in order, then token by token. ask, trace and verify are made of it. */
export interface Run {
  readonly prepared: Prepared
  /** Tokens in the cache. */
  readonly length: number
  /**
   * Runs a pass of prepared.passes; its `from` must be the number of cached tokens. Stages by name within the pass, and
   * 'next_logits' (1, V) or 'next_top' if asked.
   * @throws SailError E_RUN_*, E_GRAPH_STAGE_UNKNOWN, E_GRAPH_TOP_K, E_GIVEN_*; signal.reason
   */
  pass(name: string, request: StageRequest): Promise<Map<string, F32Tensor>>
  /** Feeds one id, 0..V - 1, at the next position, after all passes. Errors as `pass`. */
  step(id: number, request: StageRequest): Promise<Map<string, F32Tensor>>
  /** Forgets the tokens from index `length` on. */
  truncate(length: number): void
  /** Frees the cache; every later pass is E_RUN_CLOSED. */
  close(): void
}

export interface TraceOptions {
  /** Globs over full stage names: * within one dotted part, ** any number of parts. */
  readonly stages: readonly string[]
  /** Values that replace computed ones, by full stage name ('prefix.layers.2.out'). */
  readonly given?: Readonly<Record<string, F32Tensor>>
  /** Greedy tokens to generate after the passes, default 0; they add generated_ids, step_logits and step.<k>.*. */
  readonly maxNewTokens?: number
  readonly signal?: AbortSignal
}

export type TraceEntry = { readonly name: string; readonly tensor: Tensor }

export interface SailInfo extends EngineInfo {
  readonly family: string
  /** Folder or URL that it was loaded from. */
  readonly model: string
  readonly numerics: 'f32' | 'bf16'
}

export interface Preprocessed {
  /** (height, width, 3), as decoded. */
  readonly rgb: U8Tensor
  /** (GH * p, GW * p, 3) */
  readonly resized: U8Tensor
  /** (P, 3 * p * p): (byte / 255 - mean) / std, in a patch channel, row, column. */
  readonly patches: F32Tensor
  /** Patches [GH, GW]. */
  readonly grid: readonly [number, number]
  /** EXIF orientation of the file, read but not applied (as upstream); null when absent. */
  readonly exifOrientation: number | null
}
