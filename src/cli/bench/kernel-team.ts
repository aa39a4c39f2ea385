// Worker threads on one shared memory that call exported functions of WebAssembly modules, for timings: a job is a list of
// calls for each worker; all start at once, and the time is that of the last to end. Waiting is by Atomics, so a start
// costs microseconds.
import { Worker } from 'node:worker_threads'

const [GO, DONE] = [0, 1]

/** [function, arguments] */
export type Call = readonly [string, readonly number[]]

/** For worker t the calls of jobs[t], `calls` times over. */
export interface Timing {
  readonly runs: number
  readonly calls?: number
  readonly warm?: number
}

export class KernelTeam {
  readonly threads: number
  readonly memory: WebAssembly.Memory
  readonly #workers: readonly Worker[]
  readonly #control = new Int32Array(new SharedArrayBuffer(8))

  /** @param modules built for a shared memory; they may have functions of any names */
  constructor(modules: readonly WebAssembly.Module[], threads: number, bytes: number) {
    this.threads = threads
    this.memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / 65536), maximum: 65536, shared: true })
    const workerData = { modules, memory: this.memory, control: this.#control }
    const file = new URL('./kernel-worker.js', import.meta.url)
    this.#workers = Array.from({ length: threads }, () => new Worker(file, { workerData, execArgv: [] }))
  }

  /** Seconds that each call took in each run, after `warm` runs. */
  async time(jobs: readonly (readonly Call[])[], { runs, calls = 1, warm = 1 }: Timing): Promise<number[]> {
    await Promise.all(this.#workers.map((worker, t) => answered(worker, { job: jobs[t] })))
    for (let n = 0; n < warm; n++) await this.#once(calls)
    const seconds: number[] = []
    for (let n = 0; n < runs; n++) seconds.push(await this.#once(calls))
    return seconds
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }

  async #once(calls: number): Promise<number> {
    const turn = Atomics.load(this.#control, GO)
    await Promise.all(this.#workers.map((worker) => answered(worker, { calls, turn })))
    Atomics.store(this.#control, DONE, 0)
    const start = performance.now()
    Atomics.add(this.#control, GO, 1)
    for (let done = 0; done < this.threads; done = Atomics.load(this.#control, DONE))
      Atomics.wait(this.#control, DONE, done)
    return (performance.now() - start) / 1000 / calls
  }
}

function answered(worker: Worker, message: object): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject)
    worker.once('message', () => {
      worker.off('error', reject)
      resolve()
    })
    worker.postMessage(message)
  })
}
