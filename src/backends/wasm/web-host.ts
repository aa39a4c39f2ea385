// Browsers: kernels by fetch, Web Workers, shared memory where the page is cross-origin isolated.
import { SailError } from '../../errors.ts'
import type { Build, WasmHost, WorkerHandle } from './host.ts'

const urls: Readonly<Record<Build, () => URL>> = {
  strict: () => new URL('./kernels/strict.wasm', import.meta.url),
  relaxed: () => new URL('./kernels/relaxed.wasm', import.meta.url),
  single: () => new URL('./kernels/single.wasm', import.meta.url),
}

const isolated = typeof SharedArrayBuffer !== 'undefined' && globalThis.crossOriginIsolated !== false

export const webHost: WasmHost = {
  async compile(build) {
    const url = urls[build]()
    const response = await fetch(url)
    if (response.ok) return WebAssembly.compile(await response.arrayBuffer())
    throw new SailError('E_KERNELS_FETCH', {
      file: url.href,
      expected: 'the compiled kernels',
      found: `status ${response.status}`,
      hint: 'the bundler must keep the .wasm files beside the code',
    })
  },
  startWorker: typeof Worker === 'undefined' ? null : startWorker,
  readsFiles: false,
  shared: isolated,
  why: isolated
    ? ''
    : 'memory cannot be shared with workers: the page is not cross-origin isolated (headers COOP and COEP)',
  cores: async () => globalThis.navigator?.hardwareConcurrency ?? 1,
  memory: async () => ({ bytes: null, source: 'unknown in browsers' }),
  vectorBits: () => 128,
}

function startWorker(): WorkerHandle {
  const worker = new Worker(new URL('./team/web-worker.js', import.meta.url), { type: 'module' })
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    onMessage: (listener) => worker.addEventListener('message', ({ data }) => listener(data)),
    onDeath: (listener) => worker.addEventListener('error', ({ message }) => listener(message || 'it did not start')),
    hold: () => {},
    terminate: async () => worker.terminate(),
  }
}
