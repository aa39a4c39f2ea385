// A verification as a table that a person can read, and below it the first wrong stage in plain words.
import Table from 'cli-table3'
import { type CaseReport, passed, type StageReport } from '../verify/report.ts'
import { distanceText, errorText, explain, limitText } from '../verify/words.ts'
import { forTerminal, oneLine, paint } from './terminal.ts'

export function reportText(report: CaseReport): string {
  const { golden, mode, stages, notCompared } = report
  const out = process.stdout
  const rounded = stages.some(({ fromDump }) => fromDump !== null)
  const clean = (text: string): string => forTerminal(text, out) // before it is painted
  const table = new Table({
    head: ['stage', 'error', 'limit', 'verdict', ...(rounded ? ['from the dump'] : [])],
    style: { head: [], border: [], compact: true },
  })
  for (const stage of stages) {
    const row = [clean(stage.name), errorText(stage), limitText(stage), verdict(stage, mode)]
    table.push([...row, ...(rounded ? [distanceText(stage)] : [])])
  }
  const wrong = stages.filter(({ objection }) => objection !== null).length
  const count = wrong === 0 ? `all ${stages.length} stages agree` : `${wrong} of ${stages.length} stages differ`
  const ownRuns = mode === 'teacher-forced' ? stages.filter(({ inputs }) => inputs === 'own').length : 0
  const explained = explain(report)
  const lines = [
    clean(oneLine(`${golden} (${mode})`)),
    table.toString(),
    ...(ownRuns > 0
      ? [`own run: ${ownRuns} stages whose inputs the dump lacks, so their limit is that of a chain`]
      : []),
    ...skipped(notCompared).map((line) => clean(oneLine(line))),
    passed(report) ? paint('green', `pass: ${count}`, out) : paint('red', `FAIL: ${count}`, out),
    ...(explained === null ? [] : [clean(explained)]),
  ]
  return `${lines.join('\n')}\n`
}

/** The first few tensors that nothing was held against. */
function skipped(notCompared: CaseReport['notCompared']): string[] {
  const shown = notCompared.slice(0, 8).map(({ name, why }) => `not compared: ${name} (${why})`)
  return notCompared.length <= 8
    ? shown
    : [...shown, `not compared: ${notCompared.length - 8} more, all of them with --json`]
}

function verdict({ objection, inputs }: StageReport, mode: CaseReport['mode']): string {
  if (objection !== null) return paint('red', 'WRONG', process.stdout)
  return mode === 'teacher-forced' && inputs === 'own' ? 'ok (own run)' : 'ok'
}
