// A worker's part of loading packed weights: its share of the pieces, each read from an open file straight into its place
// (or put there by the main thread before), summed and looked at while it is still in the cache.
import type { FilledPiece, FillJob, FillPiece } from './messages.ts'
import type { ReadFile } from './pack.ts'
import type { Worker } from './run-step.ts'

const formats = { f32: 0, bf16: 1, q8: 2, q4: 3 } as const
/** Bytes of one sum, a cache line apart from the next worker's. */
export const SUM_BYTES = 64

/** The results of pieces number index, index + threads, .. */
export function fill({ pieces, sums }: FillJob, worker: Worker, readFile: ReadFile | null): FilledPiece[] {
  const own = pieces.filter((_, i) => i % worker.threads === worker.index)
  return own.map((piece) => fillPiece(piece, sums[piece.shard] + worker.index * SUM_BYTES, worker, readFile))
}

function fillPiece(
  { shard, at, bytes, format, file }: FillPiece,
  out: number,
  { shards }: Worker,
  readFile: ReadFile | null,
): FilledPiece {
  const memory = shards[shard]
  if (file !== null && !readFile?.(file.descriptor, memory.bytes(at, bytes), file.position))
    return { words: [], state: 'unread' }
  const bad = memory.kernels.check_packed(out, at, bytes, formats[format])
  const words = [...new Uint32Array(memory.memory.buffer, out, 8)]
  return { words, state: bad === 0 ? 'good' : 'not finite' }
}
