// A worker of a KernelTeam. It says that it is ready, then looks for the start without sleeping, so that all begin together.
import { parentPort, workerData } from 'node:worker_threads'
import type { Call } from './kernel-team.ts'

type Kernels = Record<string, (...args: readonly number[]) => unknown>

interface Data {
  readonly modules: readonly WebAssembly.Module[]
  readonly memory: WebAssembly.Memory
  readonly control: Int32Array
}

type Message = { readonly job: readonly Call[] } | { readonly calls: number; readonly turn: number }

const { modules, memory, control } = workerData as Data
const instances = modules.map((module) => new WebAssembly.Instance(module, { env: { memory, abort() {} } }))
const kernels = Object.assign({}, ...instances.map(({ exports }) => exports)) as Kernels
let job: readonly Call[] = []

parentPort?.on('message', (message: Message) => {
  parentPort?.postMessage('ready')
  if ('job' in message) {
    job = message.job
    return
  }
  while (Atomics.load(control, 0) === message.turn) {}
  for (let n = 0; n < message.calls; n++) for (const [name, args] of job) kernels[name](...args)
  Atomics.add(control, 1, 1)
  Atomics.notify(control, 1)
})
