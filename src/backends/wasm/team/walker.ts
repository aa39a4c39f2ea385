// One worker's walk through a program: group by group, block of rows by block of rows, instruction by instruction, with
// a barrier where an instruction reads what others have written. All workers walk the same way and cut each op alike.
import type { Frame, Group, Program } from '../plan/program.ts'
import type { Barrier } from './barrier.ts'
import type { PackJob } from './messages.ts'
import { runStep, slice, type Worker } from './run-step.ts'

/** Runs groups [from, to). False: the pass was aborted. */
export function walk(
  program: Program,
  [from, to]: readonly [number, number],
  frame: Frame,
  worker: Worker,
  barrier: Barrier,
): boolean {
  for (const group of program.groups.slice(from, to))
    if (!walkGroup(program, group, frame, worker, barrier)) return false
  return barrier.wait()
}

function walkGroup(program: Program, group: Group, frame: Frame, worker: Worker, barrier: Barrier): boolean {
  const rows = group.rows === 1 ? 1 : frame[group.rows]
  const size = group.blocked ? frame.block : rows
  for (let first = 0; first < rows; first += size) {
    if (first > 0 && !barrier.wait()) return false
    const block = { program, frame, first, count: Math.min(size, rows - first) }
    for (const step of group.instructions) {
      if (step.barrier && !barrier.wait()) return false
      runStep(step, block, worker)
    }
  }
  return true
}

/** Packs this worker's panels. Returns the first panel with a value that is not finite, or -1. */
export function pack({ shard, format, to, from, dtype, inner, rows }: PackJob, worker: Worker): number {
  const { kernels } = worker.shards[shard]
  const panel = kernels[`panel_bytes_${format}`](inner)
  const rowBytes = inner * [4, 2, 2, 8][dtype]
  const [first, end] = slice(Math.ceil(rows / 8), worker)
  let bad = -1
  for (let p = first; p < end; p++) {
    const source = from + p * 8 * rowBytes
    const wrong = kernels[`pack_${format}`](to + p * panel, source, dtype, inner, Math.min(8, rows - p * 8))
    if (wrong !== 0 && bad === -1) bad = p
  }
  return bad
}
