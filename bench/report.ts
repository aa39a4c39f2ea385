// npm run bench -- report: bench/results/*.json to the README's table (between its bench marks) and docs/roofline.svg.
import { readFileSync, writeFileSync } from 'node:fs'
import { type Goal, goals, met } from './goals.ts'
import { type Results, readResults } from './results.ts'
import { roofline } from './roofline.ts'

const [OPEN, CLOSE] = ['<!-- bench: npm run bench -- report -->', '<!-- bench end -->']

export async function main(): Promise<void> {
  const results = readResults('bench/results')
  writeFileSync('README.md', withTable(readFileSync('README.md', 'utf8'), tableOf(results)))
  const kernels = plotted(results)
  if (kernels.length > 0) writeFileSync('docs/roofline.svg', roofline(kernels))
}

/** The kernel results that the plot shows, those with the fastest roofs first: all share one set of lines. */
export function plotted({ many, few }: Results): NonNullable<Results['many']>[] {
  return [many, few].filter((result) => result !== undefined)
}

/** @throws Error when the README lacks the marks */
export function withTable(readme: string, table: string): string {
  const [from, to] = [readme.indexOf(OPEN), readme.indexOf(CLOSE)]
  if (from < 0 || to < from) throw new Error(`README.md: expected ${OPEN} and ${CLOSE}`)
  return `${readme.slice(0, from + OPEN.length)}\n${table}\n${readme.slice(to)}`
}

export function tableOf(results: Results): string {
  const lines = goals(results).map(line)
  return ['| what | reached | at least | aim |', '|---|---|---|---|', ...lines, '', ...absolute(results)].join('\n')
}

function line(goal: Goal): string {
  const { what, reached, least, aim, unit } = goal
  const figure = met(goal) ? text(reached, unit) : `**${text(reached, unit)}**, not met`
  return `| ${what} | ${figure} | ${text(least, unit)} | ${aim === undefined ? '' : text(aim, unit)} |`
}

function text(value: number, unit: Goal['unit']): string {
  if (unit === '%') return `${value.toFixed(0)} %`
  return `${value.toPrecision(value < 1 ? 2 : 3).replace(/\.?0+$/, '')} ${unit}`
}

/** Figures that are judged by nothing but tell a reader what to expect. */
function absolute({ q4, model, engines }: Results): string[] {
  const rows: string[] = []
  const add = (what: string, prefix: number, decode: number): unknown =>
    rows.push(`| ${what} | ${prefix.toPrecision(3)} | ${decode.toPrecision(3)} |`)
  if (q4?.models !== undefined) {
    const { tokens, ours, llama } = q4.models
    add(`7B q4, ${tokens} tokens`, ours.prefix.median, ours.decode.median)
    if (llama !== undefined) add(`llama.cpp q4_0, ${tokens} tokens`, llama.prefix.median, llama.decode.median)
  }
  if (model !== undefined) {
    const last = model.prefix.at(-1)!
    add(`7B q4, ${last.tokens} tokens`, last.tokens / last.seconds.median, 1 / model.decode.seconds.median)
  }
  for (const report of engines?.reports ?? []) {
    if ('missing' in report) continue
    const last = report.prefix.at(-1)!
    const what = `4 layers, Node ${report.engine.node}, ${report.model.kernels}, ${last.tokens} tokens`
    add(what, last.tokens / last.seconds.median, 1 / report.decode.seconds.median)
  }
  const chromium = engines?.chromium
  if (chromium !== undefined && !('missing' in chromium))
    add(`4 layers, Chromium ${chromium.browser}, ${chromium.info}`, chromium.prefix.median, chromium.decode.median)
  return rows.length === 0 ? [] : ['| tokens a second | prefix pass | decode |', '|---|---|---|', ...rows]
}
