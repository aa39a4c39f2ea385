// A team of worker threads on one shared memory, for timings: every worker holds the kernels and the roofs of one build;
// `time` starts a job on each of them at once and measures until the last is done. Jobs are [function, arguments]. The clock
// is the wall's, or `cpu`: CPU time a thread, for machines whose cores are shared with other work.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { buildKernels } from '../../scripts/build-wasm.mjs'

const [GO, DONE] = [0, 1]

/** A team of `threads` workers with `bytes` of memory between them. */
export async function createTeam(build, threads, bytes, clock = 'wall') {
  const now = () => {
    const { user, system } = process.cpuUsage()
    return clock === 'cpu' ? (user + system) / 1e6 / threads : performance.now() / 1000
  }
  const files = [buildKernels()[build], buildKernels({ roofs: true })[`roofs-${build}`]]
  const modules = files.map((file) => new WebAssembly.Module(readFileSync(file)))
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / 65536), maximum: 65536, shared: true })
  const control = new Int32Array(new SharedArrayBuffer(8))
  const workers = Array.from({ length: threads }, () => {
    return new Worker(fileURLToPath(import.meta.url), { workerData: { modules, memory, control } })
  })
  const kernels = Object.assign({}, ...modules.map((m) => new WebAssembly.Instance(m, { env: { memory } }).exports))

  /** Seconds that `jobs[t]` takes on worker t, all together, `calls` times over. */
  async function once(jobs, calls) {
    const ready = workers.map((worker) => new Promise((resolve) => worker.once('message', resolve)))
    for (const [t, worker] of workers.entries()) worker.postMessage({ job: jobs[t], calls, turn: control[GO] })
    await Promise.all(ready)
    Atomics.store(control, DONE, 0)
    const start = now()
    Atomics.add(control, GO, 1)
    Atomics.notify(control, GO)
    for (let done = 0; done < threads; done = Atomics.load(control, DONE)) Atomics.wait(control, DONE, done)
    return (now() - start) / calls
  }

  /** Sorted seconds a call of `runs` runs after a warm-up. */
  async function time(jobs, { runs, calls = 1, warm = 3 }) {
    for (let n = 0; n < warm; n++) await once(jobs, calls)
    const seconds = []
    for (let n = 0; n < runs; n++) seconds.push(await once(jobs, calls))
    return seconds.sort((a, b) => a - b)
  }
  return { memory, kernels, threads, time, close: () => Promise.all(workers.map((worker) => worker.terminate())) }
}

if (!isMainThread && workerData?.control) {
  const { modules, memory, control } = workerData
  const kernels = Object.assign({}, ...modules.map((m) => new WebAssembly.Instance(m, { env: { memory } }).exports))
  parentPort.on('message', ({ job: [name, args], calls, turn }) => {
    parentPort.postMessage('ready')
    while (Atomics.load(control, GO) === turn) {}
    for (let n = 0; n < calls; n++) kernels[name](...args)
    Atomics.add(control, DONE, 1)
    Atomics.notify(control, DONE)
  })
}

/** Median and spread of sorted seconds, as amounts a second. */
export function rate(seconds, amount) {
  const at = (q) => amount / seconds[Math.min(seconds.length - 1, Math.floor(q * seconds.length))] / 1e9
  return { median: at(0.5), p10: at(0.9), p90: at(0.1), runs: seconds.length }
}
