// The memory of one shard with the kernels on it, as one thread sees it. A view of a memory that has grown since is too
// short (shared) or empty (not shared), so views are made when they are used.
import { SailError } from '../../../errors.ts'
import { instantiate, type KernelExports } from '../kernel-exports.ts'

export const PAGE_BYTES = 65536
/** One page below 4 GiB: the kernels' offsets are 32 bits wide, and the end of the memory must be one too. */
export const MAX_PAGES = 65535

export class ShardMemory {
  readonly memory: WebAssembly.Memory
  readonly kernels: KernelExports

  constructor(module: WebAssembly.Module, memory: WebAssembly.Memory) {
    this.memory = memory
    this.kernels = instantiate(module, memory)
  }

  /** @throws SailError E_MEMORY when the engine refuses */
  grow(bytes: number): void {
    const missing = Math.ceil(bytes / PAGE_BYTES) - this.memory.buffer.byteLength / PAGE_BYTES
    if (missing <= 0) return
    try {
      this.memory.grow(missing)
    } catch (cause) {
      throw refused(bytes, cause)
    }
  }

  write(at: number, data: ArrayBufferView): void {
    this.bytes(at, data.byteLength).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  }

  /** A copy. */
  read(at: number, bytes: number): Uint8Array<ArrayBuffer> {
    const copy = new Uint8Array(bytes)
    copy.set(this.bytes(at, bytes))
    return copy
  }

  bytes(at: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, at, length)
  }
}

/** @throws SailError E_MEMORY */
export function newMemory(bytes: number, shared: boolean): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: Math.max(1, Math.ceil(bytes / PAGE_BYTES)), maximum: MAX_PAGES, shared })
  } catch (cause) {
    throw refused(bytes, cause)
  }
}

function refused(bytes: number, cause: unknown): SailError {
  return new SailError('E_MEMORY', {
    file: 'wasm memory',
    expected: `${Math.ceil(bytes / 1e6)} MB in one memory`,
    found: 'less: the engine refused',
    hint: 'close other models, choose a smaller weight format, or lift a limit on addresses (ulimit -v)',
    cause,
  })
}
