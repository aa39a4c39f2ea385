// How much of its limit a stage uses up, and the largest of a model's cases: the figure that says how near "within the
// limits" is to beyond them.

import { rowAllowance } from '../../src/verify/limits.ts'
import type { CaseReport, StageReport } from '../../src/verify/report.ts'

/** 1 is the whole limit, of a tensor or of one of its rows. Exact stages have none to use up. */
export function limitShare({ comparison, limit }: StageReport): number {
  if (limit.kind === 'exact') return 0
  const { maxAbs, relL2, row } = comparison
  const error = limit.by === 'max_abs' ? maxAbs : Math.max(relL2, row.relL2 / rowAllowance)
  return error === 0 ? 0 : error / limit.value // the limit itself is 0 where two precisions of PyTorch agree
}

/** The stage of the reports with the largest share, as a row: how many cases, how many close stages, the share, where. */
export function largestShare(reports: readonly CaseReport[]): readonly [number, number, string, string] {
  const shares = reports.flatMap(({ golden, stages }) =>
    stages
      .filter(({ limit }) => limit.kind === 'close')
      .map((stage) => ({ share: limitShare(stage), where: `${stage.name} of ${golden.split('/').at(-1)}` })),
  )
  const { share, where } = shares.reduce((most, each) => (each.share > most.share ? each : most))
  return [reports.length, shares.length, share.toFixed(2), where]
}
