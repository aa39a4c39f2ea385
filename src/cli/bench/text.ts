// The report of sail bench for people.
import Table from 'cli-table3'
import type { BenchReport } from './bench-report.ts'
import type { PassTime } from './measure.ts'
import type { OpTable } from './ops.ts'
import { rateOf, type Spread } from './spread.ts'

const style = { head: [], border: [], compact: true }

export function reportText(report: BenchReport): string {
  const { machine, engine, model, load_ms, peak_rss_bytes, prefix, decode, layer, roofs, ops } = report
  const table = new Table({ head: ['what', 'median', 'p10 .. p90', 'runs'], style })
  const add = (what: string, rate: Spread, unit: string): unknown =>
    table.push([what, `${figure(rate.median)} ${unit}`, `${figure(rate.p10)} .. ${figure(rate.p90)}`, rate.runs])
  const pass = (what: string, { tokens, seconds }: PassTime): unknown =>
    add(`${what} of ${tokens} tokens`, rateOf(tokens, seconds), 'tokens/s')
  for (const each of prefix) pass('prefix pass', each)
  add(`decode behind ${decode.context} tokens`, rateOf(1, decode.seconds), 'tokens/s')
  for (const each of layer.prefix) pass('one layer, prefix pass', each)
  add(`one layer, decode behind ${decode.context} tokens`, rateOf(1, layer.decode), 'tokens/s')
  for (const [name, rate] of Object.entries(roofs)) add(`roof: ${name}`, rate, name === 'read' ? 'GB/s' : 'GOP/s')
  const { layers, kernels, threads, weights, adapter } = model
  const software = adapter?.software ? ' (software: these figures say nothing of a GPU)' : ''
  const lines = [
    `${machine.cpu}, ${machine.cores} cores, Node ${engine.node}, kernels ${kernels}, vectors of ${engine.vectors} bits, threads ${threads}, weights ${weights}, ${layers} layers`,
    ...(adapter === undefined ? [] : [`adapter ${adapter.name}${software}`]),
    `loaded in ${figure(load_ms / 1000)} s, at most ${figure(peak_rss_bytes / 1e6)} MB of memory`,
    table.toString(),
    ...ops.map(opText),
  ]
  return `${lines.join('\n')}\n`
}

function opText({ tokens, keys, ms, clock, rows, waiting }: OpTable): string {
  const table = new Table({ head: ['op', 'calls', 'ms', 'of the pass', 'GFLOP/s', 'GB/s', 'share of its roof'], style })
  for (const { op, calls, ms: time, time: part, gflops, gigabytes, roof, share } of rows)
    table.push([
      op,
      calls,
      figure(time),
      percent(part),
      figure(gflops),
      figure(gigabytes),
      `${percent(share)} of ${roof}`,
    ])
  const what = tokens === 1 ? `a token behind ${keys - 1}` : `a pass of ${tokens} tokens`
  return `${what}: ${figure(ms)} ms${timedBy[clock]}, ${percent(waiting)} of it between ops\n${table.toString()}`
}

const timedBy = {
  host: '',
  device: " by the device's timestamps",
  submissions: ' (the device tells no time: each op submitted alone, the way there and back counted)',
} as const

function percent(part: number): string {
  return `${(100 * part).toFixed(1)} %`
}

/** Three digits. */
function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}
