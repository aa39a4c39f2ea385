// One worker's walk through a program: group by group, block of rows by block of rows, instruction by instruction, with
// a barrier where an instruction reads what others have written. All workers walk the same way and cut each op alike.
import type { Frame, Program } from '../plan/program.ts'
import type { Recorder } from '../profile/recorder.ts'
import type { Part } from './part.ts'
import { runStep, type Worker } from './run-step.ts'

/** Runs a part of a program, timing each instruction where there is a recorder. False: the pass was aborted. */
export function walk(program: Program, part: Part, frame: Frame, worker: Worker, recorder: Recorder | null): boolean {
  const [from, to] = part.groups
  for (let group = from; group < to; group++)
    if (!walkGroup(program, group, part.rows, frame, worker, recorder)) return false
  return worker.barrier.wait()
}

function walkGroup(
  program: Program,
  number: number,
  [from, to]: Part['rows'],
  frame: Frame,
  worker: Worker,
  recorder: Recorder | null,
): boolean {
  const group = program.groups[number]
  const rows = group.rows === 1 ? 1 : frame[group.rows]
  const size = group.blocked ? frame.block : rows
  for (let first = 0; first < rows; first += size) {
    if (first < from || first >= to) continue
    if (first > from && !worker.barrier.wait()) return false
    const block = { program, frame, first, count: Math.min(size, rows - first), rows }
    for (const [i, step] of group.instructions.entries()) {
      if (step.barrier && !worker.barrier.wait()) return false
      if (recorder === null) runStep(step, block, worker)
      else recorder.time(number, i, block, () => runStep(step, block, worker))
    }
  }
  return true
}
