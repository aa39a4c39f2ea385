// Where kernels are timed: a team, its memory dealt out in pieces, seeded values, and jobs, which are calls for each worker.
import { readFile } from 'node:fs/promises'
import { type Call, KernelTeam } from '../../src/cli/bench/kernel-team.ts'
import { type RoofName, type Roofs, roofCalls, roofModule, roofOperations } from '../../src/cli/bench/roofs.ts'
import { inTurns, type Sample, type Turns } from '../turns.ts'

export type Build = 'strict' | 'relaxed'
export type Kernels = Readonly<Record<string, (...args: readonly number[]) => number>>
type Calls = readonly (readonly Call[])[]

export interface Job {
  /** For each worker what it calls, `times` over. */
  readonly calls: Calls
  readonly times?: number
  /** What all of it does: operations, or bytes read. */
  readonly amount: number
  /** The same functions on something small: an engine compiles them well only after they have run for a while. */
  readonly small?: Calls
}

/** Bytes for weights; the rest of the memory is for everything else. */
const REGION = 2_200_000_000
/** What a row of one token reads before it meets a byte again: far more than any cache holds. */
export const STREAM = 1_200_000_000
const BASE = 2 ** 28
const WARM_CALLS = 25
/** A sample of a compute roof takes as long as half the job beside it, within these bounds in seconds. */
const [SHORTEST, LONGEST] = [0.02, 0.2]

export class Stage {
  readonly build: Build
  readonly team: KernelTeam
  /** On the calling thread. */
  readonly kernels: Kernels
  readonly region = BASE
  readonly #roofs: Roofs
  readonly #seconds: number
  readonly #warm = new Set<string>()
  #next = 2 ** 20

  private constructor(build: Build, team: KernelTeam, kernels: Kernels, roofs: Roofs, seconds: number) {
    this.build = build
    this.team = team
    this.kernels = kernels
    this.#roofs = roofs
    this.#seconds = seconds
  }

  /** @param seconds that turns are repeated for, three turns at least */
  static async open(build: Build, threads: number, roofs: Roofs, seconds: number): Promise<Stage> {
    const module = await WebAssembly.compile(await readFile(`dist/backends/wasm/kernels/${build}.wasm`))
    const team = new KernelTeam([module, await roofModule(build)], threads, BASE + REGION)
    const env = { memory: team.memory, abort() {} }
    const kernels = new WebAssembly.Instance(module, { env }).exports as unknown as Kernels
    return new Stage(build, team, kernels, roofs, seconds)
  }

  /** A place below the region; everything taken since a mark is free again after `freeTo(mark)`. */
  take(bytes: number): number {
    const at = this.#next
    this.#next = Math.ceil((at + bytes) / 4096) * 4096
    if (this.#next > BASE) throw new Error('a shape of this bench is too large')
    return at
  }

  mark(): number {
    return this.#next
  }

  freeTo(mark: number): void {
    this.#next = mark
  }

  f32(at: number, count: number): Float32Array {
    return new Float32Array(this.team.memory.buffer, at, count)
  }

  bytes(at: number, count: number): Uint8Array {
    return new Uint8Array(this.team.memory.buffer, at, count)
  }

  /** Repeats the first `bytes` at `at` until there are `copies` of them. */
  repeat(at: number, bytes: number, copies: number): void {
    const all = this.bytes(at, bytes * copies)
    for (let n = 1; n < copies; n *= 2) all.copyWithin(n * bytes, 0, Math.min(n, copies - n) * bytes)
  }

  /** Room for `count` values in -0.5 .. 0.5, all different. */
  values(count: number): number {
    const at = this.take(4 * count)
    const array = this.f32(at, count)
    for (let i = 0; i < count; i++) array[i] = (Math.imul(i + 1, 2654435761) >>> 8) / 2 ** 24 - 0.5
    return at
  }

  /** One a worker. */
  each<T>(make: (worker: number) => T): T[] {
    return Array.from({ length: this.team.threads }, (_, t) => make(t))
  }

  /** Panels or units [from, to) of each of `threads`; workers beyond them get none. */
  shares(count: number, threads = this.team.threads): [number, number][] {
    const cut = (t: number): number => Math.floor((count * Math.min(t, threads)) / threads)
    return this.each((t) => [cut(t), cut(t + 1)])
  }

  /** An instruction on all threads for about half as long as a job of so many operations takes. */
  computeRoof(name: Exclude<RoofName, 'read'>, operations: number): Job {
    const seconds = operations / 1e9 / this.#roofs[name]!.median / 2
    const wanted = Math.min(LONGEST, Math.max(SHORTEST, seconds)) * this.#roofs[name]!.median * 1e9
    const amount = roofOperations(name, this.team.threads)
    const times = Math.ceil(wanted / amount)
    return { calls: roofCalls(name, this.team.threads), times, amount: amount * times }
  }

  /** Reading `bytes` of the region, each thread its share. */
  readRoof(bytes: number): Job {
    const share = Math.floor(bytes / this.team.threads / 256) * 256
    const calls = this.each((t): Call[] => [['read_roof', [this.region + t * share, share, 65536 + t * 4096]]])
    return { calls, amount: share * this.team.threads }
  }

  async turns(base: Job, job: Job): Promise<Turns> {
    return inTurns(await this.sample(base), await this.sample(job), this.#seconds)
  }

  /** Times a job that is warm, in 10^9 a second. */
  async sample(job: Job): Promise<Sample> {
    const { calls, times = 1, amount } = job
    await this.#warmUp(job)
    return async () => {
      const [seconds] = await this.team.time(calls, { runs: 1, calls: times, warm: 0 })
      return amount / 1e9 / (seconds * times)
    }
  }

  async #warmUp({ calls, small }: Job): Promise<void> {
    const names = calls.flatMap((each) => each.map(([name]) => name))
    if (small === undefined || names.every((name) => this.#warm.has(name))) return
    await this.team.time(small, { runs: 0, calls: WARM_CALLS, warm: 2 })
    for (const name of names) this.#warm.add(name)
  }
}
