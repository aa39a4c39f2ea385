// Kernels against each other rather than against a roof: two threads against one, q4 against f32, attention against f32.
import { attentionJob } from './attention.ts'
import { type Kind, type LinearSize, matmul, matrixBytes } from './linear.ts'
import { type Comparison, OF_F32, second } from './rows.ts'
import type { Job, Stage } from './stage.ts'

const SQUARE = { rows: 1024, inner: 4096, cols: 4096 }
const WIDE = { rows: 1024, inner: 4096, cols: 14336 }

export async function comparisons(stage: Stage, add: (comparison: Comparison) => void): Promise<void> {
  if (stage.team.threads > 1)
    for (const kind of ['f32', 'q8_int', 'q4_int'] as const)
      add(await freed(stage, () => bothThreads(stage, kind, SQUARE)))
  add(await freed(stage, () => kinds(stage, 'q4_int', 'f32', WIDE)))
  for (const half of [false, true]) add(await freed(stage, () => attentionAgainst(stage, half, SQUARE)))
}

async function freed<T>(stage: Stage, work: () => Promise<T>): Promise<T> {
  const mark = stage.mark()
  try {
    return await work()
  } finally {
    stage.freeTo(mark)
  }
}

function bothThreads(stage: Stage, kind: Kind, size: LinearSize): Promise<Comparison> {
  const one = matmul(stage, kind, size, { threads: 1 }).job
  const all = matmul(stage, kind, size).job
  return compare(stage, [second(kind), all], [`matmul_${kind}, one thread`, one])
}

function kinds(stage: Stage, kind: Kind, against: Kind, size: LinearSize): Promise<Comparison> {
  const base = matmul(stage, against, size).job
  const { job } = matmul(stage, kind, size, { at: stage.region + matrixBytes(stage, against, size) })
  return compare(stage, [`matmul_${kind}`, job], [OF_F32, base])
}

function attentionAgainst(stage: Stage, half: boolean, size: LinearSize): Promise<Comparison> {
  const base = matmul(stage, 'f32', size).job
  const at = stage.region + matrixBytes(stage, 'f32', size)
  const { job, kernel } = attentionJob(stage, { S: size.rows, K: 1024, half }, at)
  return compare(stage, [kernel, job], [OF_F32, base])
}

type Named = readonly [string, Job]

async function compare(stage: Stage, [what, job]: Named, [against, base]: Named): Promise<Comparison> {
  const { rate, base: against_rate, ratio } = await stage.turns(base, job)
  return { what, rate, against, against_rate, ratio: ratio.median }
}
