// A team of workers. The main thread sends messages and waits for answers; it never blocks. Where memory is shared it
// reads and writes it directly; where it is not there is one worker, and the data travels in messages.
// A worker that dies or fails takes the team with it: the others are let out of their barrier and ended, and every
// waiting and later call gets the same typed error.
import { SailError } from '../../../errors.ts'
import type { WorkerHandle } from '../host.ts'
import { ShardMemory } from '../memory/shard-memory.ts'
import type { Program } from '../plan/program.ts'
import { Barrier } from './barrier.ts'
import { type FilledPiece, type FillJob, type PackJob, type ToWorker, UNREAD } from './messages.ts'
import { type Part, partsOf, wholeGroups } from './part.ts'
import { Replies } from './replies.ts'
import type { Segment, Team } from './team.ts'

export interface TeamSetup {
  readonly module: WebAssembly.Module
  /** Shared memories, or the bytes each begins with where they cannot be shared. */
  readonly memories: readonly WebAssembly.Memory[] | readonly number[]
  readonly threads: number
  readonly startWorker: () => WorkerHandle
  readonly readsFiles: boolean
}

export class WorkerTeam implements Team {
  readonly threads: number
  readonly readsFiles: boolean
  readonly #workers: WorkerHandle[]
  readonly #replies: Replies
  readonly #barrier: Barrier
  /** The main thread's view; empty where memory is not shared. */
  readonly #shards: readonly ShardMemory[]
  #closed = false

  private constructor(setup: TeamSetup, words: ArrayBufferLike) {
    const { module, memories, threads, startWorker } = setup
    this.threads = threads
    this.readsFiles = setup.readsFiles
    this.#barrier = new Barrier(words, threads)
    this.#shards = memories.flatMap((memory) => (typeof memory === 'number' ? [] : [new ShardMemory(module, memory)]))
    this.#workers = Array.from({ length: threads }, startWorker)
    this.#replies = new Replies(this.#workers, (error) => this.#fail(error))
  }

  /** @throws SailError E_WORKER_DIED when one does not start */
  static async start(setup: TeamSetup): Promise<WorkerTeam> {
    const shared = setup.memories.some((memory) => typeof memory !== 'number')
    const words = shared ? new SharedArrayBuffer(Barrier.bytes) : new ArrayBuffer(Barrier.bytes)
    const team = new WorkerTeam(setup, words)
    const { module, memories, threads } = setup
    try {
      await team.#replies.all((index) => ({ kind: 'start', module, memories, index, threads, words }))
    } catch (error) {
      await team.close()
      throw error
    }
    return team
  }

  grow(shard: number, bytes: number): void {
    const direct = this.#shards[shard]
    if (direct === undefined) this.#tell({ kind: 'grow', shard, bytes })
    else direct.grow(bytes)
  }

  write(shard: number, at: number, data: ArrayBufferView): void {
    const direct = this.#shards[shard]
    if (direct !== undefined) {
      direct.write(at, data)
      return
    }
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice()
    this.#tell({ kind: 'write', shard, at, data: bytes }, [bytes.buffer])
  }

  async read(shard: number, at: number, bytes: number): Promise<Uint8Array<ArrayBuffer>> {
    const direct = this.#shards[shard]
    if (direct !== undefined) return direct.read(at, bytes)
    const { data } = await this.#replies.first<'data'>({ kind: 'read', shard, at, bytes })
    return data as Uint8Array<ArrayBuffer>
  }

  addProgram(program: number, body: Program): void {
    for (const worker of this.#workers) worker.post({ kind: 'program', program, body })
  }

  forgetProgram(program: number): void {
    for (const worker of this.#workers) worker.post({ kind: 'forget', program })
  }

  async run(segment: Segment): Promise<void> {
    const { groups, frame, signal } = segment
    signal?.throwIfAborted()
    // A worker that shares no memory hears of an abort between messages only; a single token is soon done.
    const cut = this.#shards.length === 0 && frame.S > 1
    for (const part of cut ? partsOf(groups, frame) : [wholeGroups(groups)]) {
      signal?.throwIfAborted()
      await this.#runPart(segment, part)
    }
    signal?.throwIfAborted()
  }

  async #runPart({ program, frame, profile, signal }: Segment, part: Part): Promise<void> {
    const abort = (): void => this.#barrier.abort()
    this.#barrier.reset()
    signal?.addEventListener('abort', abort, { once: true })
    try {
      const message = { kind: 'run', program, part, frame, profile } as const
      const all = this.#replies.first<'ran'>(message)
      for (const worker of this.#workers.slice(1)) worker.post(message)
      await all
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }

  async records(): Promise<Float64Array[]> {
    const replies = await this.#replies.all(() => ({ kind: 'records' }))
    return replies.flatMap((reply) => (reply.kind === 'records' ? [reply.records] : []))
  }

  async pack(job: PackJob): Promise<number> {
    const replies = await this.#replies.all(() => ({ kind: 'pack', job }))
    const bad = replies.flatMap((reply) => (reply.kind === 'packed' && reply.bad !== -1 ? [reply.bad] : []))
    if (bad.includes(UNREAD)) return UNREAD
    return bad.length === 0 ? -1 : Math.min(...bad)
  }

  async fill(job: FillJob): Promise<FilledPiece[]> {
    const replies = await this.#replies.all(() => ({ kind: 'fill', job }))
    const parts = replies.map((reply) => (reply.kind === 'filled' ? reply.pieces : []))
    return job.pieces.map((_, i) => parts[i % this.threads][Math.floor(i / this.threads)])
  }

  async close(): Promise<void> {
    this.#replies.end(
      new SailError('E_BACKEND_CLOSED', { file: 'run', expected: 'an open engine', found: 'one that was closed' }),
    )
    await this.#end()
  }

  #tell(message: ToWorker, transfer?: ArrayBuffer[]): void {
    this.#workers[0].post(message, transfer)
  }

  #fail(error: SailError): void {
    this.#replies.end(error)
    void this.#end()
  }

  async #end(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#barrier.breakUp()
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }
}
