// The workers' records of a pass, made readable: which op, how long, and how much work this worker's share of it was.
import type { OpTime, PassProfile } from '../../backend.ts'
import type { Frame, Program } from '../plan/program.ts'
import { RECORD } from './recorder.ts'
import { nameOf, workOf } from './work.ts'

/** `records[t]` is what worker t's recorder gave. */
export function passProfile(program: Program, frame: Frame, records: readonly Float64Array[]): PassProfile {
  const ops = records.flatMap((each, worker) =>
    Array.from({ length: each.length / RECORD }, (_, i): OpTime => {
      const [group, instruction, first, rows, begin, end] = each.subarray(i * RECORD, (i + 1) * RECORD)
      const step = program.groups[group].instructions[instruction]
      const { flops, bytes } = workOf(step, rows, program, frame)
      const share = { flops: flops / records.length, bytes: bytes / records.length }
      return { worker, name: nameOf(step), first, rows, begin, ms: end - begin, ...share }
    }),
  )
  return { tokens: frame.S, keys: frame.K, clock: 'host', ops }
}
