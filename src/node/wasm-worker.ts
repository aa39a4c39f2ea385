// A worker thread of the wasm backend's team. Descriptors belong to the process, so what the main thread has opened can be
// read here, straight into the memory that the kernels work on.
import { readSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { serve } from '../backends/wasm/team/serve.ts'

/** Most bytes of one system call. */
const MOST = 1 << 26

function readFile(descriptor: number, into: Uint8Array, position: number): boolean {
  try {
    for (let done = 0; done < into.length; ) {
      const read = readSync(descriptor, into, done, Math.min(MOST, into.length - done), position + done)
      if (read === 0) return false
      done += read
    }
    return true
  } catch {
    return false
  }
}

const take = serve({ post: (message, transfer = []) => parentPort?.postMessage(message, transfer) }, readFile)
parentPort?.on('message', take)
