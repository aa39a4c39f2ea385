// What the wasm backend needs of its surroundings: compiled kernels, workers, and how much of the machine is ours.
// src/node/wasm-host.ts and web-host.ts are the two that exist.
import type { FromWorker, ToWorker } from './team/messages.ts'

export type Build = 'strict' | 'relaxed' | 'single'

/** A running worker, as the main thread holds it. */
export interface WorkerHandle {
  post(message: ToWorker, transfer?: ArrayBuffer[]): void
  onMessage(listener: (message: FromWorker) => void): void
  /** Called once, when it has died: with why, as far as known. */
  onDeath(listener: (reason: string) => void): void
  /** Whether a waiting main thread keeps the process alive for it. */
  hold(held: boolean): void
  terminate(): Promise<void>
}

interface Room {
  /** Bytes that can be taken now, or null when nobody can tell. */
  readonly bytes: number | null
  /** Where the number is from: 'cgroup limit', 'machine memory'. */
  readonly source: string
}

export interface WasmHost {
  /** Compiles a build of the kernels. Rejects with what the engine says when it cannot run it. */
  compile(build: Build): Promise<WebAssembly.Module>
  /** null where workers cannot be started, with the reason in `why`. */
  readonly startWorker: (() => WorkerHandle) | null
  /** Whether the workers can read files that the process has open. */
  readonly readsFiles: boolean
  /** Whether memory can be shared between threads. */
  readonly shared: boolean
  /** Why there is no worker or no shared memory; '' when both are there. */
  readonly why: string
  /** Cores that this process may use: the machine's, or the container's quota. */
  cores(): Promise<number>
  memory(): Promise<Room>
  /** What vectors of the kernels are compiled to: 256 where the engine may join two of WebAssembly's. */
  vectorBits(): 128 | 256
}
