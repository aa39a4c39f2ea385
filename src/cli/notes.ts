// What a person may want to know while they wait, on stderr: nothing with --quiet, bars on a terminal, else one plain line
// a phase and one every few seconds. Bars are taken off before anything else is printed, and the cursor comes back. With --json a program may read
// stderr too: without a terminal there is no progress, and notes wait until the run has succeeded, so that a run that
// fails leaves one line of JSON there and nothing else.
import { SingleBar } from 'cli-progress'
import type { LoadOptions } from '../api.ts'
import { Rate } from './rate.ts'
import { forTerminal, oneLine, paint } from './terminal.ts'

type LoadProgress = Parameters<NonNullable<LoadOptions['onProgress']>>[0]

export interface Notes {
  /** One line, such as a warning or a timing. */
  say(text: string): void
  /** Progress of loading a checkpoint. */
  progress(event: LoadProgress): void
  /** Takes a bar off the screen. Call it before errors and results. */
  done(): void
  /** The run has succeeded: prints the notes that waited. */
  release(): void
}

const phases: Readonly<Record<LoadProgress['phase'], string>> = {
  read: 'reading the checkpoint',
  pack: 'packing the weights',
  compile: 'compiling kernels',
  warmup: 'warming up',
  ready: 'ready',
}

/** Without a terminal, at most one line of progress in this time. */
const QUIET_MS = 5000

interface NoteFlags {
  readonly quiet?: boolean
  readonly json?: boolean
}

export function notes({ quiet = false, json = false }: NoteFlags): Notes {
  if (quiet) return { say() {}, progress() {}, done() {}, release() {} }
  if (json && !process.stderr.isTTY) return waiting()
  const show = process.stderr.isTTY ? bars() : plainLines()
  return {
    ...show,
    say(text) {
      show.done()
      print(text)
    },
    release() {},
  }
}

function waiting(): Notes {
  const texts: string[] = []
  return {
    say: (text) => texts.push(text),
    progress() {},
    done() {},
    release: () => texts.splice(0).forEach(print),
  }
}

function print(text: string): void {
  process.stderr.write(`${paint('dim', forTerminal(oneLine(text), process.stderr), process.stderr)}\n`)
}

function plainLines(): Pick<Notes, 'progress' | 'done'> {
  let phase: LoadProgress['phase'] | null = null
  let rate = new Rate()
  let last = 0
  return {
    progress({ phase: now, loaded, total }) {
      if (now === 'ready') return
      if (now === phase && performance.now() - last < QUIET_MS) return
      last = performance.now()
      if (now !== phase) rate = new Rate()
      const text = now === phase ? rate.text(loaded, total) : byteText(total)
      phase = now
      process.stderr.write(`${phases[now]}${total > 0 ? `, ${text}` : ''}\n`)
    },
    done() {},
  }
}

function bars(): Pick<Notes, 'progress' | 'done'> {
  let bar: SingleBar | null = null
  let rate = new Rate()
  let phase: LoadProgress['phase'] | null = null
  const done = () => {
    bar?.stop()
    bar = null
  }
  return {
    progress(event) {
      if (event.phase !== phase) {
        done()
        phase = event.phase
        if (event.phase === 'ready' || event.total <= 0) return
        rate = new Rate()
        const format = `${phases[event.phase]} {bar} {rate}`
        bar = new SingleBar({ format, hideCursor: true, clearOnComplete: true, stream: process.stderr, fps: 10 })
        bar.start(event.total, event.loaded, { rate: rate.text(event.loaded, event.total) })
      }
      bar?.update(event.loaded, { rate: rate.text(event.loaded, event.total) })
    },
    done,
  }
}

/** 14.5 GB */
export function byteText(bytes: number): string {
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}
