// The lines by which the CPU engine is judged: what was reached, what it should at least be, what it aims at. A line whose
// measurement is missing is left out; one below its floor is marked.
import type { Spread } from '../src/cli/bench/spread.ts'
import type { BrowserResult } from './browser/run.ts'
import type { KernelResult, Row } from './kernels/rows.ts'
import type { Peers, Results } from './results.ts'

export interface Goal {
  readonly what: string
  readonly reached: number
  readonly least: number
  readonly aim?: number
  /** How figures are written. 'MB' and 'ms' should be small, the others large. */
  readonly unit: '%' | 'x' | 'ms' | 'GB'
}

export function met({ reached, least, unit }: Goal): boolean {
  return unit === 'ms' || unit === 'GB' ? reached <= least : reached >= least
}

export function goals(results: Results): Goal[] {
  return [...kernelGoals(results), ...modelGoals(results), ...layerGoals(results.layer), ...memoryGoals(results)]
}

function kernelGoals({ many, single, few }: Results): Goal[] {
  const measured = (row: Row): boolean =>
    single?.rows.some((each) => each.inner === row.inner && each.cols === row.cols) ?? false
  const same = many && { ...many, rows: many.rows.filter(measured) }
  const second = (kernel: RegExp): number | null => over(rate(same, kernel), rate(single, kernel))
  const list: (Goal | null)[] = [
    goal('f32 matmul, 1,024 rows, of multiply-add', '%', share(many, /^matmul_f32$/), 85, 92),
    goal(
      'q4 matmul, integers, against our f32',
      'x',
      over(rate(many, /^matmul_q4_(int|fused)$/), rate(many, /^matmul_f32$/)),
      2.2,
      2.8,
    ),
    goal('q8 matmul, integers, of the i32 dot', '%', share(many, /^matmul_q8_(int|fused)$/), 80, 90),
    ...(['bf16', 'q8_int', 'q4_int'] as const).map((kind) =>
      goal(
        `matvec from memory, ${kind.split('_')[0]}, of reading`,
        '%',
        share(few, new RegExp(`^matvec_${kind}$`)),
        85,
        95,
      ),
    ),
    goal(
      'attention, 1,024 patches, of our f32 matmul',
      '%',
      percent(over(rate(many, /^attention$/), rate(many, /^matmul_f32$/))),
      60,
      80,
    ),
    goal('second thread, f32 matmul', 'x', second(/^matmul_f32$/), 1.85, 1.95),
    goal('second thread, q4 matmul', 'x', second(/^matmul_q4_int$/), 1.85, 1.95),
  ]
  return list.filter((each) => each !== null)
}

function modelGoals({ q4, q8, browser }: Results): Goal[] {
  const against = (peers: Peers | undefined, what: 'prefix' | 'decode'): number | null =>
    over(peers?.models?.ours[what].median ?? null, peers?.models?.llama?.[what].median ?? null)
  const chromium = (what: 'prefix' | 'decode'): number | null =>
    over(median(browser?.browser?.ours, what), median(browser?.browser?.wllama, what))
  const list = [
    goal('7B, decode q4, against native llama.cpp q4_0', 'x', against(q4, 'decode'), 0.85, 1.05),
    goal('7B, prefix of 512 tokens q4, against llama.cpp q4_0', 'x', against(q4, 'prefix'), 0.85, 1.1),
    goal('7B, decode q8, against llama.cpp q8_0', 'x', against(q8, 'decode'), 0.85, 1.05),
    goal('4 layers in Chromium, decode q4, against wllama 2.3.1', 'x', chromium('decode'), 3, 4),
    goal('4 layers in Chromium, prefix q4, against wllama 2.3.1', 'x', chromium('prefix'), 4, 6),
  ]
  return list.filter((each) => each !== null)
}

function median(result: BrowserResult | undefined, what: 'prefix' | 'decode'): number | null {
  return result === undefined || 'missing' in result ? null : result[what].median
}

function layerGoals(peers: Peers | undefined): Goal[] {
  const { ours, torch } = peers?.layer ?? {}
  if (ours === undefined || torch === undefined) return []
  const last = (prefix: Readonly<Record<string, Spread>>): number => Object.values(prefix).at(-1)!.median
  const list = [
    goal('one layer, decode q4, against PyTorch bf16', 'x', ours.decode.median / torch.bf16.decode.median, 6, 9),
    goal('one layer, prefix q4, against PyTorch f32', 'x', last(ours.prefix) / last(torch.f32.prefix), 1.3, 1.6),
    goal('one layer, prefix q4, against PyTorch bf16', 'x', last(ours.prefix) / last(torch.bf16.prefix), 0.5, 0.65),
  ]
  return list.filter((each) => each !== null)
}

function memoryGoals({ fixed, model, modelQ8 }: Results): Goal[] {
  const list = [
    goal(
      'fixed cost of a token, 32 layers',
      'ms',
      fixed === undefined ? null : fixed.decode.seconds.median * 1000,
      1,
      0.4,
    ),
    goal(
      `memory of 7B q4, ${model?.decode.context} tokens`,
      'GB',
      model === undefined ? null : model.peak_rss_bytes / 1e9,
      5,
    ),
    goal(
      `memory of 7B q8, ${modelQ8?.decode.context} tokens`,
      'GB',
      modelQ8 === undefined ? null : modelQ8.peak_rss_bytes / 1e9,
      8.6,
    ),
  ]
  return list.filter((each) => each !== null)
}

function goal(what: string, unit: Goal['unit'], reached: number | null, least: number, aim?: number): Goal | null {
  return reached === null ? null : { what, unit, reached, least, ...(aim !== undefined && { aim }) }
}

/** Of each shape the fastest kernel of the kind; then the middle shape, the slower of two. */
function best(result: KernelResult | undefined, kernel: RegExp, value: (row: Row) => number): number | null {
  const count = kernel.source.includes('matvec') ? 1 : 1024
  const shapes = new Map<string, number>()
  for (const row of result?.rows ?? []) {
    if (!kernel.test(row.kernel) || row.rows !== count) continue
    const key = `${row.inner} ${row.cols}`
    shapes.set(key, Math.max(shapes.get(key) ?? 0, value(row)))
  }
  const sorted = [...shapes.values()].sort((a, b) => a - b)
  return sorted.length === 0 ? null : sorted[(sorted.length - 1) >> 1]
}

const share = (result: KernelResult | undefined, kernel: RegExp): number | null =>
  percent(best(result, kernel, (row) => row.share))
const rate = (result: KernelResult | undefined, kernel: RegExp): number | null =>
  best(result, kernel, (row) => row.rate.median)
const over = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : a / b)
const percent = (part: number | null): number | null => (part === null ? null : part * 100)
