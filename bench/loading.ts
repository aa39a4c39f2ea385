// How fast a packed folder is loaded, beside a bare read of the same bytes into shared memory that is as fresh, with as many
// threads, pieces of the same size and the file in the page cache; turn about, each in a process of its own.
//   npm run bench -- loading --model DIR-q4 [--rounds 5] [--threads 2] [--out FILE]
import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { runBench } from './child.ts'
import { machine, writeResult } from './machine.ts'

/** As in src/backends/wasm/load-packed.ts. */
const PIECE = 16 * 9 * 17 * 214
/** Bytes of one memory, below the 4 GiB that it can have. */
const MEMORY = 3e9

interface Part {
  readonly descriptor: number
  readonly begin: number
  readonly bytes: number
  readonly memory: WebAssembly.Memory
}

interface Turn {
  readonly seconds: number
  readonly rss: number
}

interface Share {
  readonly parts: readonly Part[]
  readonly index: number
  readonly threads: number
}

export async function main(args: string[]): Promise<void> {
  const string = { type: 'string' } as const
  const options = { model: string, rounds: string, threads: string, out: string, only: string }
  const { model = '', rounds = '5', threads = '2', out, only } = parseArgs({ args, options }).values
  if (only !== undefined) {
    const [seconds, rss] = await (only === 'bare' ? bare(model, Number(threads)) : loaded(model, Number(threads)))
    console.log(JSON.stringify({ seconds, rss }))
    return
  }
  const run = (kind: string) => runBench<Turn>(['loading', '--only', kind, '--model', model, '--threads', threads])
  await run('bare') // fills the page cache
  const turns: { bare: Turn; load: Turn }[] = []
  for (let n = 0; n < Number(rounds); n++) turns.push({ bare: await run('bare'), load: await run('load') })
  const bytes = filesOf(model).reduce((sum, path) => sum + sizeOf(path), 0)
  const median = (kind: 'bare' | 'load'): number =>
    turns.map((turn) => turn[kind].seconds).sort((a, b) => a - b)[turns.length >> 1]
  const share = median('bare') / median('load')
  const speed = { bare: bytes / median('bare') / 1e9, load: bytes / median('load') / 1e9 }
  const peakRss = Math.max(...turns.map(({ load }) => load.rss))
  writeResult(out, {
    bench: 'loading',
    machine: machine(),
    threads: Number(threads),
    bytes,
    speed,
    share,
    peakRss,
    turns,
  })
  console.error(
    `loading ${speed.load.toFixed(2)} GB/s, bare read ${speed.bare.toFixed(2)} GB/s: ${(share * 100).toFixed(0)} %; peak RSS ${(peakRss / 1e6).toFixed(0)} MB for ${(bytes / 1e6).toFixed(0)} MB`,
  )
}

/** Seconds that Sail.load takes, and peak RSS. */
async function loaded(model: string, threads: number): Promise<[number, number]> {
  const { Sail } = await import(pathToFileURL(join(process.cwd(), 'dist', 'node.js')).href)
  const start = performance.now()
  const sail = await Sail.load(model, { backend: 'wasm', threads })
  const seconds = (performance.now() - start) / 1000
  await sail.close()
  return [seconds, process.resourceUsage().maxRSS * 1024]
}

async function bare(model: string, threads: number): Promise<[number, number]> {
  const opened = filesOf(model).map((path) => ({ descriptor: openSync(path, 'r'), size: sizeOf(path) }))
  const parts = opened.flatMap(({ descriptor, size }) =>
    Array.from({ length: Math.ceil(size / MEMORY) }, (_, i): Part => {
      const bytes = Math.min(MEMORY, size - i * MEMORY)
      const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / 65536), maximum: 65535, shared: true })
      return { descriptor, begin: i * MEMORY, bytes, memory }
    }),
  )
  const self = fileURLToPath(import.meta.url)
  const workers = Array.from({ length: threads }, (_, index) => {
    return new Worker(self, { workerData: { parts, index, threads } satisfies Share })
  })
  const all = (): Promise<unknown> =>
    Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))))
  await all()
  const start = performance.now()
  for (const worker of workers) worker.postMessage('go')
  await all()
  const seconds = (performance.now() - start) / 1000
  await Promise.all(workers.map((worker) => worker.terminate()))
  for (const { descriptor } of opened) closeSync(descriptor)
  return [seconds, process.resourceUsage().maxRSS * 1024]
}

function filesOf(model: string): string[] {
  const names = readdirSync(model).filter((name) => /^packed.*\.safetensors$/.test(name))
  return names.map((name) => join(model, name))
}

function sizeOf(path: string): number {
  const descriptor = openSync(path, 'r')
  const { size } = fstatSync(descriptor)
  closeSync(descriptor)
  return size
}

function readShare({ parts, index, threads }: Share): void {
  for (const { descriptor, begin, bytes, memory } of parts)
    for (let at = index * PIECE; at < bytes; at += threads * PIECE) {
      const into = new Uint8Array(memory.buffer, at, Math.min(PIECE, bytes - at))
      for (let done = 0; done < into.length; )
        done += readSync(descriptor, into, done, into.length - done, begin + at + done)
    }
}

if (!isMainThread && workerData?.parts !== undefined) {
  parentPort?.on('message', () => {
    readShare(workerData)
    parentPort?.postMessage('done')
  })
  parentPort?.postMessage('ready')
}
