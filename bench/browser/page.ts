// In the browser: our library and wllama on the same sizes, each timed by itself. The page of bench/browser/run.ts.
import { Sail } from '../../src/browser.ts'
import { randomSequence } from '../../src/cli/bench/sequence.ts'

export interface BrowserJob {
  /** URL of the checkpoint's folder, or of the GGUF file. */
  readonly model: string
  readonly tokens: number
  readonly steps: number
  readonly runs: number
  /** URL of wllama's package; absent for our own library. */
  readonly wllama?: string
}

/** Seconds of each prompt of `tokens`, and of each token behind it. */
export interface BrowserTimes {
  readonly info: string
  readonly prefix: readonly number[]
  readonly decode: readonly number[]
}

async function ours({ model, tokens, steps, runs }: BrowserJob): Promise<BrowserTimes> {
  const sail = await Sail.load(new URL(model, location.href), { threads: 2 })
  const prepared = randomSequence(sail.config, tokens - 2)
  const stages = ['next_logits']
  const [prefix, decode]: [number[], number[]] = [[], []]
  for (let n = -1; n < runs; n++) {
    const run = sail.open(prepared)
    const time = await seconds(() => run.pass(prepared.passes[0].name, { stages }))
    if (n >= 0) prefix.push(time)
    for (let s = 0; n === runs - 1 && s < steps + 3; s++) {
      const step = await seconds(() => run.step(1, { stages, keep: false }))
      if (s >= 3) decode.push(step)
    }
    run.close()
  }
  const { kernels, threads, weights } = sail.info
  await sail.close()
  return { info: `kernels ${kernels}, threads ${threads}, weights ${weights}`, prefix, decode }
}

interface Wllama {
  loadModelFromUrl(url: string, options: object): Promise<void>
  decode(tokens: readonly number[], options: object): Promise<unknown>
  kvClear(): Promise<void>
  isMultithread(): boolean
  exit(): Promise<void>
}

/** wllama 2: its decode is the prompt pass, and one token at a time the decoding. */
async function wllama2({ model, tokens, steps, runs, wllama }: BrowserJob): Promise<BrowserTimes> {
  const { Wllama } = (await import(/* @vite-ignore */ `${wllama}/esm/index.js`)) as {
    Wllama: new (files: object) => Wllama
  }
  const files = ['single-thread', 'multi-thread'].map((kind) => [
    `${kind}/wllama.wasm`,
    `${wllama}/esm/${kind}/wllama.wasm`,
  ])
  const peer = new Wllama(Object.fromEntries(files))
  await peer.loadModelFromUrl(new URL(model, location.href).href, {
    n_threads: 2,
    n_ctx: tokens + 64,
    n_batch: tokens,
    useCache: false,
  })
  const ids = Array.from({ length: tokens }, (_, i) => 3 + (i % 1000))
  const [prefix, decode]: [number[], number[]] = [[], []]
  for (let n = -1; n < runs; n++) {
    await peer.kvClear()
    const time = await seconds(() => peer.decode(ids, {}))
    if (n >= 0) prefix.push(time)
    for (let s = 0; n === runs - 1 && s < steps + 3; s++) {
      const step = await seconds(() => peer.decode([5], {}))
      if (s >= 3) decode.push(step)
    }
  }
  const info = `multithread ${peer.isMultithread()}`
  await peer.exit()
  return { info, prefix, decode }
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

declare global {
  var bench: (job: BrowserJob) => Promise<BrowserTimes>
}
globalThis.bench = (job) => (job.wllama === undefined ? ours(job) : wllama2(job))
document.body.dataset.ready = 'true'
