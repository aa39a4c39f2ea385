// A verification as a table that a person can read, and below it the first wrong stage in plain words.
import Table from 'cli-table3'
import { type CaseReport, passed, type StageReport } from '../verify/report.ts'
import { errorText, explain, limitText } from '../verify/words.ts'
import { forTerminal, paint } from './terminal.ts'

export function reportText(report: CaseReport): string {
  const { golden, mode, stages, notCompared } = report
  const out = process.stdout
  const table = new Table({
    head: ['stage', 'error', 'limit', 'verdict'],
    style: { head: [], border: [], compact: true },
  })
  for (const stage of stages) table.push([stage.name, errorText(stage), limitText(stage), verdict(stage)])
  const wrong = stages.filter(({ objection }) => objection !== null).length
  const count = wrong === 0 ? `all ${stages.length} stages agree` : `${wrong} of ${stages.length} stages differ`
  const notes = new Set(
    stages.flatMap(({ note, inputs }) =>
      mode === 'teacher-forced' && inputs === 'own' && note !== null ? [note] : [],
    ),
  )
  const lines = [
    `${golden} (${mode})`,
    table.toString(),
    ...(notes.size > 0
      ? [`own run: ${stages.filter(({ inputs }) => inputs === 'own').length} stages whose inputs the dump lacks`]
      : []),
    ...notCompared.map(({ name, why }) => `not compared: ${name} (${why})`),
    passed(report) ? paint('green', `pass: ${count}`, out) : paint('red', `FAIL: ${count}`, out),
    ...[explain(report) ?? []].flat(),
  ]
  return `${lines.map((line) => forTerminal(line, out)).join('\n')}\n`
}

function verdict({ objection, inputs }: StageReport): string {
  if (objection !== null) return paint('red', 'WRONG', process.stdout)
  return inputs === 'own' ? 'ok (own run)' : 'ok'
}
