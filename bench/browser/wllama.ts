// wllama, llama.cpp as WebAssembly: version 2, whose decode() is the prompt pass and, one token at a time, the decoding; and
// the current one, a llama-server whose completions carry their own times.
import type { BrowserJob, BrowserTimes } from './job.ts'

interface Wllama {
  loadModelFromUrl(url: string, options: object): Promise<void>
  isMultithread(): boolean
  getNumThreads?(): number
  exit(): Promise<void>
}

interface Wllama2 extends Wllama {
  decode(tokens: readonly number[], options: object): Promise<unknown>
  kvClear(): Promise<void>
}

interface Wllama3 extends Wllama {
  createCompletion(request: object): Promise<{ readonly timings?: Timings }>
}

interface Timings {
  readonly prompt_n: number
  readonly prompt_ms: number
  readonly predicted_n: number
  readonly predicted_ms: number
}

export async function wllama2(job: BrowserJob): Promise<BrowserTimes> {
  const wasm = ['single-thread', 'multi-thread'].map((kind) => `${kind}/wllama.wasm`)
  const files = Object.fromEntries(wasm.map((path) => [path, `${job.peer}/esm/${path}`]))
  const { peer, load } = await open<Wllama2>(job, files)
  const { tokens, steps, runs } = job
  const ids = Array.from({ length: tokens }, (_, i) => 3 + (i % 1000))
  const [prefix, decode]: [number[], number[]] = [[], []]
  for (let n = -1; n < runs; n++) {
    await peer.kvClear()
    const time = await seconds(() => peer.decode(ids, {}))
    if (n >= 0) prefix.push(time)
    for (let s = -3; n === runs - 1 && s < steps; s++) {
      const step = await seconds(() => peer.decode([5], {}))
      if (s >= 0) decode.push(step)
    }
  }
  return closed(peer, { load, prefix: { [tokens]: prefix }, decode })
}

/** A word of the GGUF's vocabulary a token, another prompt each time, since an answered one is remembered. */
export async function wllama3(job: BrowserJob): Promise<BrowserTimes> {
  const { peer, load } = await open<Wllama3>(job, { default: `${job.peer}/esm/wasm/wllama.wasm` })
  const { tokens, steps, runs } = job
  const ask = async (count: number, most: number, first: number): Promise<Timings> => {
    const prompt = Array.from({ length: count }, (_, i) => `t${first + i}`).join('')
    const request = { prompt, max_tokens: most, temperature: 0, ignore_eos: true, cache_prompt: false }
    const { timings } = await peer.createCompletion(request)
    if (timings === undefined || timings.predicted_n !== most)
      throw new Error(`wllama answered ${timings?.predicted_n}`)
    return timings
  }
  await ask(8, 2, 3000)
  const [prefix, decode]: [number[], number[]] = [[], []]
  for (let n = 0; n < runs; n++) {
    const times = await ask(tokens, steps, 10 + n * tokens)
    prefix.push((times.prompt_ms / times.prompt_n / 1000) * tokens)
    decode.push(times.predicted_ms / times.predicted_n / 1000)
  }
  return closed(peer, { load, prefix: { [tokens]: prefix }, decode })
}

async function open<T extends Wllama>(job: BrowserJob, files: object): Promise<{ peer: T; load: number }> {
  const library = (await import(/* @vite-ignore */ `${job.peer}/esm/index.js`)) as { Wllama: new (files: object) => T }
  const peer = new library.Wllama(files)
  const sizes = { n_ctx: job.tokens + job.steps + 64, n_batch: job.tokens + 64, n_parallel: 1 }
  const options = { n_threads: 2, n_gpu_layers: 0, useCache: false, ...sizes }
  const load = await seconds(() => peer.loadModelFromUrl(new URL(job.model, location.href).href, options))
  return { peer, load }
}

async function closed(peer: Wllama, times: Omit<BrowserTimes, 'info'>): Promise<BrowserTimes> {
  const info = `multithread ${peer.isMultithread()}, threads ${peer.getNumThreads?.()}`
  await peer.exit()
  return { info, ...times }
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}
