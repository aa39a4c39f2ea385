// A team of one: the calling thread. For places without workers. Between parts it lets timers, aborts and other work
// through when it has kept the thread for a while.
import { newMemory, ShardMemory } from '../memory/shard-memory.ts'
import type { Program } from '../plan/program.ts'
import { Recorder } from '../profile/recorder.ts'
import { Barrier } from './barrier.ts'
import { fill } from './fill.ts'
import type { FilledPiece, FillJob, PackJob } from './messages.ts'
import { pack } from './pack.ts'
import { partsOf } from './part.ts'
import type { Worker } from './run-step.ts'
import type { Segment, Team } from './team.ts'
import { walk } from './walker.ts'

/** Longest time in ms that a run keeps the thread to itself, as far as one part allows. */
const BUSY_MS = 25

export class InlineTeam implements Team {
  readonly threads = 1
  readonly readsFiles = false
  readonly #worker: Worker
  readonly #recorder = new Recorder()
  readonly #programs = new Map<number, Program>()
  /** Until when it may go on; over all runs, since a token is shorter than that. */
  #until = 0

  /** `sizes`: bytes that each shard begins with. */
  constructor(module: WebAssembly.Module, sizes: readonly number[]) {
    const shards = sizes.map((bytes) => new ShardMemory(module, newMemory(bytes, false)))
    this.#worker = { shards, index: 0, threads: 1, barrier: new Barrier(new ArrayBuffer(Barrier.bytes), 1) }
  }

  grow(shard: number, bytes: number): void {
    this.#worker.shards[shard].grow(bytes)
  }

  write(shard: number, at: number, data: ArrayBufferView): void {
    this.#worker.shards[shard].write(at, data)
  }

  async read(shard: number, at: number, bytes: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.#worker.shards[shard].read(at, bytes)
  }

  addProgram(program: number, body: Program): void {
    this.#programs.set(program, body)
  }

  forgetProgram(program: number): void {
    this.#programs.delete(program)
  }

  async run({ program, groups, frame, profile, signal }: Segment): Promise<void> {
    for (const part of partsOf(groups, frame)) {
      signal?.throwIfAborted()
      const recorder = profile ? this.#recorder : null
      walk(this.#programs.get(program)!, part, frame, this.#worker, recorder)
      if (performance.now() < this.#until) continue
      await new Promise((resolve) => setTimeout(resolve))
      this.#until = performance.now() + BUSY_MS
    }
    signal?.throwIfAborted()
  }

  async records(): Promise<Float64Array[]> {
    return [this.#recorder.take()]
  }

  async pack(job: PackJob): Promise<number> {
    await new Promise((resolve) => setTimeout(resolve))
    return pack(job, this.#worker, null)
  }

  async fill(job: FillJob): Promise<FilledPiece[]> {
    await new Promise((resolve) => setTimeout(resolve))
    return fill(job, this.#worker, null)
  }

  async close(): Promise<void> {
    this.#programs.clear()
  }
}
