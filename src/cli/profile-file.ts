// --profile: the passes of a run as a Chrome trace (chrome://tracing, ui.perfetto.dev), one row a worker or device, one box an op.
// Events are written as passes end, so nothing is held; like --out the file appears complete or not at all, and an
// aborted or failed run leaves none. Format: "Trace Event Format", complete events (ph X), times in microseconds.

import { createFile } from '../node/file-sink.ts'
import type { PassProfile, Profiler } from '../node.ts'

export interface ProfileFile {
  readonly profiler: Profiler
  /** Writes what is left and names the file. @throws SailError E_FILE_WRITE */
  close(): Promise<void>
  abort(): Promise<void>
}

/** @throws SailError E_FILE_WRITE, E_FILE_KIND */
export async function openProfile(path: string): Promise<ProfileFile> {
  const sink = await createFile(path)
  const begin = Date.now()
  let position = 0
  let written = Promise.resolve()
  const write = (text: string): void => {
    const bytes = new TextEncoder().encode(text)
    const at = position
    position += bytes.length
    written = written.then(() => sink.write(bytes, at))
    written.catch(() => {}) // thrown when the file is closed
  }
  write(`{"displayTimeUnit":"ms","traceEvents":[\n${JSON.stringify(named('process_name', 0, 'sail'))}`)
  return {
    profiler: {
      active: true,
      take: (profile) =>
        write(
          eventsOf(profile, begin)
            .map((event) => `,\n${JSON.stringify(event)}`)
            .join(''),
        ),
    },
    async close() {
      write('\n]}\n')
      await written
      await sink.close()
    },
    async abort() {
      await written.catch(() => {})
      await sink.abort()
    },
  }
}

/** What the row of a GPU is called. */
const deviceRow = {
  device: 'device, by its timestamps',
  submissions: 'device without timestamps: each op submitted alone, the way there and back counted',
} as const

/** `begin`: milliseconds since 1970 that count as 0. */
export function eventsOf({ tokens, keys, clock, ops }: PassProfile, begin: number): object[] {
  const workers = [...new Set(ops.map(({ worker }) => worker))]
  const pass = tokens === 1 ? 'step' : 'pass'
  return [
    ...workers.map((worker) => named('thread_name', worker, clock === 'host' ? `worker ${worker}` : deviceRow[clock])),
    ...ops.map(({ worker, name, first, rows, begin: start, ms, flops, bytes }) => ({
      ...{ name, cat: pass, ph: 'X', pid: 1, tid: worker, ts: (start - begin) * 1000, dur: ms * 1000 },
      args: { tokens, keys, rows: `${first}..${first + rows - 1}`, flops, bytes },
    })),
  ]
}

function named(name: string, tid: number, value: string): object {
  return { name, ph: 'M', pid: 1, tid, args: { name: value } }
}
