// Who executes programs: the main thread's side. Two kinds: workers (worker-team.ts), and the calling thread itself where
// there are none (inline-team.ts). Offsets and sizes are decided by the caller; a team only does what it is told, in order.
import type { Frame, Program } from '../plan/program.ts'
import type { FilledPiece, FillJob, PackJob } from './messages.ts'

export interface Segment {
  /** Number of a program that `addProgram` has announced. */
  readonly program: number
  /** Groups [from, to) of it. */
  readonly groups: readonly [number, number]
  readonly frame: Frame
  /** Whether instructions are timed: `records` then gives the times. */
  readonly profile: boolean
  readonly signal: AbortSignal | undefined
}

export interface Team {
  readonly threads: number
  /** Whether its threads read files that this process has open, without the main thread. */
  readonly readsFiles: boolean
  /** Makes a shard's memory at least this large. */
  grow(shard: number, bytes: number): void
  write(shard: number, at: number, data: ArrayBufferView): void
  read(shard: number, at: number, bytes: number): Promise<Uint8Array<ArrayBuffer>>
  addProgram(program: number, body: Program): void
  forgetProgram(program: number): void
  /** @throws signal.reason when aborted, SailError E_WORKER_DIED, E_WORKER_FAILED */
  run(segment: Segment): Promise<void>
  /** What each worker timed since the last time (profile/recorder.ts). */
  records(): Promise<Float64Array[]>
  /** First panel with a value that is not finite, or -1; UNREAD when its file could not be read. */
  pack(job: PackJob): Promise<number>
  /** Puts packed weights into their place; the results in the order of the pieces. */
  fill(job: FillJob): Promise<FilledPiece[]>
  close(): Promise<void>
}
