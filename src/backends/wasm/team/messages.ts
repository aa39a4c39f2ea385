// What the main thread and its workers say to each other. A pass costs each worker one message; the last barrier of a
// pass is answered by one worker for all.
import type { FilePlace } from '../../../weights/formats/packed-weights.ts'
import type { Frame, Program, StoredFormat } from '../plan/program.ts'
import type { Part } from './part.ts'

/** Checkpoint rows in a shard's memory (`from`) to panels (`to`). */
export interface PackJob {
  readonly shard: number
  readonly format: StoredFormat
  readonly to: number
  readonly from: number
  /** 0 F32, 1 BF16, 2 F16, 3 F64. */
  readonly dtype: 0 | 1 | 2 | 3
  readonly inner: number
  readonly rows: number
  /** Where the rows are to be read from; null: they are in memory. */
  readonly file: FilePlace | null
}

/** A piece of packed weights. */
export interface FillPiece {
  readonly shard: number
  readonly at: number
  readonly bytes: number
  readonly format: StoredFormat
  /** Where it is to be read from; null: it is in place. */
  readonly file: FilePlace | null
}

export interface FillJob {
  readonly pieces: readonly FillPiece[]
  /** By shard: where the workers may put sums. */
  readonly sums: readonly number[]
}

export interface FilledPiece {
  /** PackedSum's lanes a and b. */
  readonly words: readonly number[]
  readonly state: 'good' | 'unread' | 'not finite'
}

/** Instead of a panel's number: the rows could not be read. */
export const UNREAD = -2

export type ToWorker =
  | {
      readonly kind: 'start'
      readonly module: WebAssembly.Module
      /** Shared memories; or, where memory cannot be shared, the bytes that each begins with. */
      readonly memories: readonly (WebAssembly.Memory | number)[]
      readonly index: number
      readonly threads: number
      /** The barrier's words. */
      readonly words: ArrayBufferLike
    }
  | { readonly kind: 'program'; readonly program: number; readonly body: Program }
  | { readonly kind: 'forget'; readonly program: number }
  | {
      readonly kind: 'run'
      readonly program: number
      readonly part: Part
      readonly frame: Frame
      /** Whether instructions are timed. */
      readonly profile: boolean
    }
  | { readonly kind: 'records' }
  | { readonly kind: 'pack'; readonly job: PackJob }
  | { readonly kind: 'fill'; readonly job: FillJob }
  // Where memory is not shared:
  | { readonly kind: 'grow'; readonly shard: number; readonly bytes: number }
  | { readonly kind: 'write'; readonly shard: number; readonly at: number; readonly data: Uint8Array }
  | { readonly kind: 'read'; readonly shard: number; readonly at: number; readonly bytes: number }

export type FromWorker =
  | { readonly kind: 'ready' }
  /** A pass: whether it went to its end. */
  | { readonly kind: 'ran'; readonly whole: boolean }
  /** First bad panel, UNREAD, or -1. */
  | { readonly kind: 'packed'; readonly bad: number }
  | { readonly kind: 'filled'; readonly pieces: readonly FilledPiece[] }
  | { readonly kind: 'data'; readonly data: Uint8Array }
  /** Of the recorder, since the last time. */
  | { readonly kind: 'records'; readonly records: Float64Array }
  | { readonly kind: 'failed'; readonly message: string; readonly code: string }
