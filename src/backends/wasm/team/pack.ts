// A worker's part of packing: its share of the panels of some rows. Where the rows lie in a file that this process has open,
// each worker reads its own, straight into the stage; else the main thread has put them there.
import { type PackJob, UNREAD } from './messages.ts'
import { slice, type Worker } from './run-step.ts'

/** Fills `into` from an open file. False when it could not, for whatever reason: the main thread finds out which. */
export type ReadFile = (descriptor: number, into: Uint8Array, position: number) => boolean

/** Packs this worker's panels. Returns the first panel with a value that is not finite, UNREAD, or -1. */
export function pack(job: PackJob, worker: Worker, readFile: ReadFile | null): number {
  const { shard, format, to, dtype, inner, rows, file } = job
  const { kernels } = worker.shards[shard]
  const panel = kernels[`panel_bytes_${format}`](inner)
  const rowBytes = inner * [4, 2, 2, 8][dtype]
  const [first, end] = slice(Math.ceil(rows / 8), worker)
  if (first === end) return -1
  const [begin, stop] = [first * 8 * rowBytes, Math.min(end * 8, rows) * rowBytes]
  if (file !== null) {
    const stage = worker.shards[shard].bytes(job.from + begin, stop - begin)
    if (!readFile?.(file.descriptor, stage, file.position + begin)) return UNREAD
  }
  let bad = -1
  for (let p = first; p < end; p++) {
    const source = job.from + p * 8 * rowBytes
    const wrong = kernels[`pack_${format}`](to + p * panel, source, dtype, inner, Math.min(8, rows - p * 8))
    if (wrong !== 0 && bad === -1) bad = p
  }
  return bad
}
