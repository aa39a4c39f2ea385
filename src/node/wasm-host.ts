// Node: kernels from files beside the code, worker_threads, the machine's cores and memory within the container's limits.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { availableParallelism, totalmem } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Build, WasmHost, WorkerHandle } from '../backends/wasm/host.ts'
import type { ToWorker } from '../backends/wasm/team/messages.ts'
import { SailError } from '../errors.ts'
import { cpuQuota, memoryLimit } from './cgroup.ts'
import { vectorBits } from './vectors.ts'

const workerFile = new URL('./wasm-worker.js', import.meta.url)
/** Sources run as they are (by a test runner) have no compiled worker beside them. */
const compiled = existsSync(workerFile)

export const nodeWasmHost: WasmHost = {
  compile: async (build) => WebAssembly.compile(await kernels(build)),
  startWorker: compiled ? startWorker : null,
  readsFiles: compiled,
  shared: compiled,
  why: compiled ? '' : 'there are no workers, since the sources run uncompiled',
  cores: async () => Math.max(1, Math.min(availableParallelism(), Math.floor((await cpuQuota()) ?? Infinity))),
  async memory() {
    const limit = memoryLimit()
    const bytes = totalmem()
    if (limit !== null && limit < bytes) return { bytes: limit, source: 'the memory limit of the container' }
    return { bytes, source: 'the memory of the machine' }
  },
  vectorBits,
}

async function kernels(build: Build): Promise<Uint8Array<ArrayBuffer>> {
  const file = new URL(`../backends/wasm/kernels/${build}.wasm`, import.meta.url)
  try {
    return new Uint8Array(await readFile(file))
  } catch (cause) {
    throw new SailError('E_KERNELS_MISSING', {
      file: fileURLToPath(file),
      expected: 'the compiled kernels',
      found: 'none',
      hint: 'npm run build makes them',
      cause,
    })
  }
}

function startWorker(): WorkerHandle {
  // Flags of the process, such as --input-type, are not for a worker's file; V8's own hold for all threads anyway.
  return handleOf(new Worker(workerFile, { execArgv: [] }))
}

/** A worker thread as the team knows it. */
export function handleOf(worker: Worker): WorkerHandle {
  let dead = false
  return {
    post: (message: ToWorker, transfer = []) => worker.postMessage(message, transfer),
    onMessage: (listener) => worker.on('message', listener),
    onDeath(listener) {
      const die = (reason: string): void => {
        if (!dead) listener(reason)
        dead = true
      }
      worker.on('error', (error) => die(String(error)))
      worker.on('exit', (code) => die(`it ended with code ${code}`))
    },
    hold: (held) => (held ? worker.ref() : worker.unref()),
    async terminate() {
      dead = true
      await worker.terminate()
    },
  }
}
