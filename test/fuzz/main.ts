// One parser, one process: this thread watches, another parses (work.ts). An input that takes 5 s of processor time, or a
// minute without, is a hang: its thread is ended, the input kept, and a new thread goes on behind it. Prints one JSON line.
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isMainThread, Worker } from 'node:worker_threads'
import { inputsOf } from './input.ts'
import { parserOf } from './parsers/all.ts'
import { type Tally, type Task, work } from './work.ts'

interface Options {
  readonly parser: string
  readonly seed: number
  readonly count: number
  readonly root: string
  /** Folder for inputs that broke a property. */
  readonly keep: string
}

const hang = { cpuMs: 5000, ms: 60_000 }

async function supervise({ parser: name, seed, count, root, keep }: Options): Promise<void> {
  const parser = parserOf(name)
  const inputs = inputsOf(parser, seed, count, root)
  const tallies: Tally[] = []
  const faults: { index: number; kind: string; detail: string }[] = []
  let hangs = 0
  for (let from = -inputs.kept; from < count + inputs.extremes && hangs < 10; ) {
    const clock = new SharedArrayBuffer(4)
    new Int32Array(clock)[0] = from
    const task: Task = { parser: name, seed, count, from, root, clock }
    const tally = await run(task)
    if (tally !== null) {
      tallies.push(tally)
      faults.push(...tally.faults)
      break
    }
    const index = new Int32Array(clock)[0]
    hangs++
    faults.push({ index, kind: 'hang', detail: 'no end' })
    from = index + 1
  }
  const found = faults.map(({ index, kind, detail }) => {
    const bytes = inputs.make(index)
    const file = join(keep, `${kind}-${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}`)
    mkdirSync(keep, { recursive: true })
    writeFileSync(file, bytes)
    return { index, kind, detail, file }
  })
  const sum = (of: (tally: Tally) => number): number => tallies.reduce((n, tally) => n + of(tally), 0)
  const most = (of: (tally: Tally) => number): number => tallies.reduce((n, tally) => Math.max(n, of(tally)), 0)
  const row = {
    ...{ parser: name, seed, mutations: count, kept: inputs.kept, extremes: inputs.extremes },
    ...{ accepted: sum((t) => t.accepted), refused: sum((t) => t.refused), hangs },
    codes: new Set(tallies.flatMap((tally) => Object.keys(tally.codes))).size,
    ...{ worstMs: most((t) => t.worstMs), worstBytes: most((t) => t.worstBytes) },
    ...{ extremeMs: most((t) => t.extremeMs), extremeBytes: most((t) => t.extremeBytes), found },
  }
  process.stdout.write(`${JSON.stringify(row)}\n`)
}

/** What the thread found; null when it hung. */
function run(task: Task): Promise<Tally | null> {
  const clock = new Int32Array(task.clock)
  let seen = { index: Number.NaN, cpu: process.cpuUsage(), at: performance.now() }
  return new Promise((resolve, reject) => {
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: task })
    const watch = setInterval(async () => {
      const index = Atomics.load(clock, 0)
      if (index !== seen.index) seen = { index, cpu: process.cpuUsage(), at: performance.now() }
      const { user, system } = process.cpuUsage(seen.cpu)
      if (user + system < hang.cpuMs * 1000 && performance.now() - seen.at < hang.ms) return
      clearInterval(watch)
      await worker.terminate()
      resolve(null)
    }, 200)
    const end = (settle: () => void) => {
      clearInterval(watch)
      settle()
    }
    worker.once('message', (tally: Tally) => end(() => resolve(tally)))
    worker.once('error', (error) => end(() => reject(error)))
  })
}

if (isMainThread) await supervise(JSON.parse(process.argv[2]) as Options)
else await work()
