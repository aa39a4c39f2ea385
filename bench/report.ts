// npm run bench -- report: bench/results/*.json to the README's tables (between its bench marks) and docs/roofline.svg.
import { readFileSync, writeFileSync } from 'node:fs'
import type { Spread } from '../src/cli/bench/spread.ts'
import { type Goal, met } from './goal.ts'
import { goals } from './goals.ts'
import type { Rates } from './ours.ts'
import { gpuTable } from './report-webgpu.ts'
import { type Results, readResults } from './results.ts'
import { roofline } from './roofline.ts'

/** Whose table stands between its marks in the README. */
export type Place = 'bench' | 'bench of webgpu'

export async function main(): Promise<void> {
  const results = readResults('bench/results')
  writeFileSync('README.md', withTables(readFileSync('README.md', 'utf8'), results))
  if (results.relaxed !== undefined) writeFileSync('docs/roofline.svg', roofline(results.relaxed))
}

export function withTables(readme: string, results: Results): string {
  const tables = withTable(readme, tableOf(results), 'bench')
  return results.webgpu === undefined ? tables : withTable(tables, gpuTable(results.webgpu), 'bench of webgpu')
}

/** @throws Error when the README lacks the marks */
export function withTable(readme: string, table: string, place: Place): string {
  const [open, close] = [`<!-- ${place}: npm run bench -- report -->`, `<!-- ${place} end -->`]
  const [from, to] = [readme.indexOf(open), readme.indexOf(close)]
  if (from < 0 || to < from) throw new Error(`README.md: expected ${open} and ${close}`)
  return `${readme.slice(0, from + open.length)}\n${table}\n${readme.slice(to)}`
}

export function tableOf(results: Results): string {
  const judged = table(['what', 'reached', 'strict', 'strict, Node 20', 'at least', 'aim'], goals(results).map(line))
  return [judged, tokens(results), engines(results), onnx(results)].filter((each) => each !== '').join('\n\n')
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return ''
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [row(head), `|${'---|'.repeat(head.length)}`, ...rows.map(row)].join('\n')
}

function line(goal: Goal): string[] {
  const { what, reached, strict, node20, least, aim, unit } = goal
  const figure = met(goal) ? text(reached, unit) : `**${text(reached, unit)}**, not met`
  const other = [strict, node20, least, aim].map((value) => (value === undefined ? '' : text(value, unit)))
  return [what, figure, ...other]
}

function text(value: number, unit: Goal['unit']): string {
  if (unit === '%') return `${value.toFixed(0)} %`
  return `${value >= 100 ? value.toFixed(0) : value.toPrecision(value < 1 ? 2 : 3)} ${unit}`.replace(
    /(\.\d*?)0+ /,
    (_, kept: string) => `${kept === '.' ? '' : kept} `,
  )
}

const rate = ({ median }: Spread): string => median.toPrecision(3)
const sizes = (prefix: Rates['prefix']): string =>
  Object.entries(prefix)
    .map(([count, each]) => `${rate(each)} (${count})`)
    .join(', ')
const gigabytes = (bytes: number | null | undefined): string => (bytes ? (bytes / 1e9).toFixed(2) : '')

/** Whole models, ours and others', which a reader can compare with a machine of his own. */
function tokens({ q4, q8, browser }: Results): string {
  const rows: string[][] = []
  for (const [name, result] of [
    ['q4', q4],
    ['q8', q8],
  ] as const) {
    if (result === undefined) continue
    const { ours, narrow, llama } = result.models
    const add = (what: string, { prefix, decode }: Rates, memory: number | null): unknown =>
      rows.push([what, sizes(prefix), rate(decode), gigabytes(memory)])
    add(`7B ${name}`, ours, ours.peak_rss)
    if (narrow !== undefined) add(`7B ${name}, vectors of 128 bits`, narrow, null)
    if (llama !== undefined) add(`7B ${name}_0, llama.cpp`, llama, llama.peak_rss)
  }
  const { ours, wllama2, wllama3 } = browser?.browser ?? {}
  const small = { '4 layers q4, Chromium': ours, '4 layers q4_0, wllama 2.3.1': wllama2, '.. wllama 3.13': wllama3 }
  for (const [what, result] of Object.entries(small))
    if (result !== undefined && 'prefix' in result) rows.push([what, sizes(result.prefix), rate(result.decode), ''])
  return table(['tokens a second', 'prefix (of tokens)', 'decode', 'GB of memory'], rows)
}

function engines({ engines: result }: Results): string {
  const rows = (result?.reports ?? []).map((report) => {
    const { engine, kernels } = report
    if ('missing' in report) return [engine, kernels, /^E_\w+/.exec(report.missing)?.[0] ?? 'missing', '', '']
    const [prefix] = Object.values(report.prefix)
    return [engine, kernels, `${report.load.toPrecision(2)} s`, rate(prefix), rate(report.decode)]
  })
  const [size] = (result?.reports ?? []).flatMap((each) => ('prefix' in each ? Object.keys(each.prefix) : []))
  return table(['4 layers q4', 'kernels', 'load', `prefix of ${size}, tokens/s`, 'decode, tokens/s'], rows)
}

function onnx({ onnx: result }: Results): string {
  const list = result?.onnx.rows ?? []
  const counts = [...new Set(list.map(({ rows }) => rows))]
  const kinds = [...new Set(list.map(({ kind }) => kind))]
  const rows = kinds.map((kind) => [
    kind,
    ...counts.map((count) => {
      const ratio = list.find((each) => each.kind === kind && each.rows === count)?.ratio
      return ratio === undefined ? '' : text(ratio, 'x')
    }),
  ])
  const { inner, cols } = list[0] ?? {}
  return table(
    [`${inner} x ${cols}, of onnxruntime-web`, ...counts.map((count) => `${count} ${count === 1 ? 'row' : 'rows'}`)],
    rows,
  )
}
