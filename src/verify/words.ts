// The first wrong stage in plain words: how far off, where most, and where to look. Since every stage before it agrees and
// it was computed from the dump's own inputs, the fault lies in that one step; where the dump lacks the inputs, it lies
// between the last stage that agrees and this one.
import { figure } from './limits.ts'
import { type CaseReport, firstFailure, type StageReport } from './report.ts'
import { whereToLook } from './where-to-look.ts'

/** A few lines for a person, or null when everything agrees. */
export function explain(report: CaseReport): string | null {
  const stage = firstFailure(report)
  if (stage === null) return null
  return [`first difference: ${stage.name}, ${stage.objection}${worstOf(stage)}`, `  ${place(report, stage)}`].join(
    '\n',
  )
}

function worstOf({ comparison: { worst, fault } }: StageReport): string {
  if (fault !== null || worst === null) return ''
  return `; worst at [${worst.index.join(', ')}]: got ${value(worst.got)}, expected ${value(worst.want)}`
}

function value(number: number): string {
  return Number.isInteger(number) ? String(number) : String(Number(number.toPrecision(9)))
}

function place(report: CaseReport, stage: StageReport): string {
  const look = whereToLook(stage.name)
  if (stage.comparison.fault !== null)
    return `the dump's tensor cannot be used, so what follows was computed without it; ${look}`
  if (stage.comparison.nonFinite !== null) return `not a number is never right: ${look}`
  const before = report.stages[report.stages.indexOf(stage) - 1]
  const since = before === undefined ? 'it is the first stage compared' : `${before.name} still agrees`
  if (report.mode !== 'teacher-forced') return `${since}; errors travel on in this mode, so look at ${look}`
  if (stage.inputs === 'own')
    return `the dump lacks its inputs and ${since}, so anything in between may be at fault, up to ${look}`
  return `its inputs agree, so look at ${look}`
}

/** `0 of 57`, or the largest error against its limit. */
export function errorText({ comparison, limit, objection }: StageReport): string {
  if (comparison.fault !== null) return '-'
  if (limit.kind === 'exact') return objection === null ? '0' : `${comparison.differing} differ`
  return figure(limit.by === 'max_abs' ? comparison.maxAbs : comparison.relL2)
}

export function limitText({ limit }: StageReport): string {
  if (limit.kind === 'exact') return 'exact'
  return limit.by === 'max_abs' ? `${figure(limit.value)} abs` : figure(limit.value)
}

/** How far a stage is from the dump, where another side judges it. */
export function distanceText({ fromDump }: StageReport): string {
  if (fromDump === null) return ''
  return fromDump.fault ?? figure(fromDump.relL2)
}
