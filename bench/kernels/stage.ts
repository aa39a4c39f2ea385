// Where kernels are timed: a team, its memory dealt out in pieces, seeded values, and the clock. tinybench repeats a job for
// as long as asked and at least three times; the durations are the team's own, from the common start to the last end.
import { readFile } from 'node:fs/promises'
import { Bench } from 'tinybench'
import { type Call, KernelTeam } from '../../src/cli/bench/kernel-team.ts'
import { roofModule } from '../../src/cli/bench/roofs.ts'
import { rateOf, type Spread, spread } from '../../src/cli/bench/spread.ts'

export type Build = 'strict' | 'relaxed'
export type Kernels = Readonly<Record<string, (...args: readonly number[]) => number>>

/** Bytes for weights; the rest of the memory is for everything else. */
export const REGION = 2_200_000_000
const BASE = 2 ** 28

export class Stage {
  readonly build: Build
  readonly team: KernelTeam
  /** On the calling thread. */
  readonly kernels: Kernels
  readonly region = BASE
  readonly #seconds: number
  #next = 2 ** 20

  private constructor(build: Build, team: KernelTeam, kernels: Kernels, seconds: number) {
    this.build = build
    this.team = team
    this.kernels = kernels
    this.#seconds = seconds
  }

  /** @param seconds that a job is repeated for */
  static async open(build: Build, threads: number, seconds: number): Promise<Stage> {
    const module = await WebAssembly.compile(await readFile(`dist/backends/wasm/kernels/${build}.wasm`))
    const team = new KernelTeam([module, await roofModule(build)], threads, BASE + REGION)
    const env = { memory: team.memory, abort() {} }
    const kernels = new WebAssembly.Instance(module, { env }).exports as unknown as Kernels
    return new Stage(build, team, kernels, seconds)
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

  /** Room for `count` values in -0.5 .. 0.5, all different. */
  values(count: number): number {
    const at = this.take(4 * count)
    const array = this.f32(at, count)
    for (let i = 0; i < count; i++) array[i] = (Math.imul(i + 1, 2654435761) >>> 8) / 2 ** 24 - 0.5
    return at
  }

  /** Panels or units [from, to) of each thread. */
  shares(count: number): [number, number][] {
    const { threads } = this.team
    const cut = (t: number): number => Math.floor((count * t) / threads)
    return Array.from({ length: threads }, (_, t) => [cut(t), cut(t + 1)])
  }

  /** `amount` a second, in 10^9; jobs as KernelTeam takes them. */
  async rate(jobs: readonly (readonly Call[])[], amount: number, calls = 1): Promise<Spread> {
    await this.team.time(jobs, { runs: 0, calls, warm: 2 })
    const bench = new Bench({ time: this.#seconds * 1000, iterations: 3, warmup: false, retainSamples: true })
    bench.add('job', async () => {
      const [seconds] = await this.team.time(jobs, { runs: 1, calls, warm: 0 })
      return { overriddenDuration: seconds * 1000, overriddenIterationCost: seconds * 1000 * calls }
    })
    const [task] = await bench.run()
    if (task.result.state !== 'completed') throw new Error(`the timing ended as ${task.result.state}`)
    const seconds = task.result.latency.samples!.map((ms) => ms / 1000)
    return rateOf(amount / 1e9, spread(seconds))
  }
}
