// The thread that parses. Three properties are held of every input:
// - only a SailError of the parser's own codes escapes, and what is accepted keeps the parser's promises;
// - it takes at most 1 s of processor time, counted over all threads of this process, inflating ones included;
// - resident memory stays within 64 MB plus twice what an accepted file declares, above what the process had when every
//   seed had been parsed. The operating system keeps the peak (maxRSS), so no moment is missed; garbage counts, and the
//   start of the process, so the figure is an upper bound. For extremes the peak is made new and counted from there.
import { writeFileSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { SailError } from '../../src/errors.ts'
import type { Bytes } from './bytes.ts'
import { inputsOf } from './input.ts'
import type { Parser } from './parser.ts'
import { parserOf } from './parsers/all.ts'

export interface Task {
  readonly parser: string
  readonly seed: number
  /** Mutations; the extremes are numbered from here on. */
  readonly count: number
  /** The first input to run. */
  readonly from: number
  readonly root: string
  /** One i32: the number of the input at work. */
  readonly clock: SharedArrayBuffer
}

export type Kind = 'escape' | 'promise' | 'slow' | 'large'

export interface Tally {
  accepted: number
  refused: number
  readonly codes: Record<string, number>
  /** Of kept files and mutations. */
  worstMs: number
  worstBytes: number
  /** Of extremes; bytes beyond twice the output that the input declares. */
  extremeMs: number
  extremeBytes: number
  readonly faults: { readonly index: number; readonly kind: Kind; readonly detail: string }[]
}

/** Extremes may take longer on a slow machine: what they took is printed. */
const limits = { ms: 1000, extremeMs: 3000, bytes: 64 << 20 }
const enough = 20

export async function work(): Promise<void> {
  const task = workerData as Task
  const parser = parserOf(task.parser)
  const inputs = inputsOf(parser, task.seed, task.count, task.root)
  const clock = new Int32Array(task.clock)
  const tally = emptyTally()
  await warmUp(parser, task)
  globalThis.gc?.()
  const base = process.memoryUsage.rss()
  let settled = base
  let peak = 0
  const end = task.count + inputs.extremes
  for (let index = task.from; index < end && tally.faults.length < enough; index++) {
    const input = inputs.make(index)
    if (index >= task.count || process.memoryUsage.rss() > settled + limits.bytes / 4) {
      globalThis.gc?.()
      settled = process.memoryUsage.rss()
    }
    if (index >= task.count && forgetPeak()) peak = 0
    Atomics.store(clock, 0, index)
    const start = process.cpuUsage()
    const { declared, fault } = await outcome(parser, input, tally)
    const { user, system } = process.cpuUsage(start)
    const ms = (user + system) / 1000
    const fail = (kind: Kind, detail: string): void => void tally.faults.push({ index, kind, detail })
    if (fault !== null) fail(fault.kind, fault.detail)
    const isExtreme = index >= task.count
    if (isExtreme) tally.extremeMs = Math.max(tally.extremeMs, ms)
    else tally.worstMs = Math.max(tally.worstMs, ms)
    if (!(ms <= (isExtreme ? limits.extremeMs : limits.ms))) fail('slow', `${ms.toFixed(0)} ms`)
    const now = process.resourceUsage().maxRSS * 1024
    if (now <= peak) continue
    peak = now
    const used = now - (isExtreme ? settled : base)
    const beyond = used - 2 * (isExtreme ? inputs.declared(index) : declared)
    if (isExtreme) tally.extremeBytes = Math.max(tally.extremeBytes, beyond)
    else tally.worstBytes = used
    if (!(beyond <= limits.bytes)) fail('large', `${used} bytes, ${beyond} beyond twice its output`)
  }
  parentPort!.postMessage(tally)
}

interface Outcome {
  readonly declared: number
  readonly fault: { readonly kind: Kind; readonly detail: string } | null
}

async function outcome(parser: Parser, input: Bytes, tally: Tally): Promise<Outcome> {
  try {
    const declared = await parser.run(input)
    tally.accepted++
    return { declared, fault: null }
  } catch (error) {
    tally.refused++
    if (!(error instanceof SailError)) {
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
      return { declared: 0, fault: { kind: detail.includes('accepted, but') ? 'promise' : 'escape', detail } }
    }
    tally.codes[error.code] = (tally.codes[error.code] ?? 0) + 1
    if (parser.codes.test(error.code)) return { declared: 0, fault: null }
    return { declared: 0, fault: { kind: 'escape', detail: `the foreign code ${error.code}` } }
  }
}

function emptyTally(): Tally {
  const worst = { worstMs: 0, worstBytes: 0, extremeMs: 0, extremeBytes: 0 }
  return { accepted: 0, refused: 0, codes: {}, ...worst, faults: [] }
}

/** Makes the peak of memory that of this moment, where the system can (Linux): else it is that of all inputs before. */
function forgetPeak(): boolean {
  try {
    writeFileSync('/proc/self/clear_refs', '5')
    return true
  } catch {
    return false
  }
}

/** Every seed a few times, so that code, tables and the heap's first pages are in memory before anything is measured. */
async function warmUp(parser: Parser, { seed, root }: Task): Promise<void> {
  const inputs = inputsOf(parser, seed + 1, 200, root)
  for (let index = 0; index < 200; index++) await outcome(parser, inputs.make(index), emptyTally())
}
