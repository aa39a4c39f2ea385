// The README's figures are those of bench/results/, and a line below its floor says so.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { met } from '../../bench/goals.ts'
import type { KernelResult } from '../../bench/kernels/rows.ts'
import { plotted, tableOf, withTable } from '../../bench/report.ts'
import { type Results, readResults } from '../../bench/results.ts'
import { roofline } from '../../bench/roofline.ts'
import { root } from '../support/golden.ts'

const spread = (median: number) => ({ median, p10: median * 0.9, p90: median * 1.1, runs: 3 })
const machine = { cpu: 'a CPU', cores: 2, memory: 1e9, node: 'v24.0.0', v8: '13', date: '2026-01-01' }
const roofs = { madd: spread(100), dot_i32: spread(160), dot_i16: spread(300), read: spread(30) }

function kernels(rows: readonly [string, number, number, number][]): KernelResult {
  return {
    ...{ machine, build: 'relaxed', threads: 2, roofs },
    rows: rows.map(([kernel, count, rate, share]) => {
      const unit = count === 1 ? 'GB/s' : 'GOP/s'
      return { kernel, rows: count, inner: 4096, cols: 4096, unit, rate: spread(rate), roof: 'madd', share }
    }),
  }
}

const results: Results = {
  many: kernels([
    ['matmul_f32', 1024, 90, 0.9],
    ['matmul_q4_int', 1024, 180, 0.6],
    ['matmul_q4_fused', 1024, 90, 0.5],
    ['attention', 1024, 72, 0.72],
  ]),
  few: kernels([['matvec_q4_int', 1, 27, 0.9]]),
  q4: {
    machine,
    models: {
      tokens: 512,
      ours: { prefix: spread(20), decode: spread(7) },
      llama: { prefix: spread(16), decode: spread(7) },
    },
  },
}

test('a line has its figure, its floor and its aim, and one below the floor is marked', () => {
  const table = tableOf(results).split('\n')
  expect(table).toContain('| f32 matmul, 1,024 rows, of multiply-add | 90 % | 85 % | 92 % |')
  expect(table).toContain('| q4 matmul, integers, against our f32 | **2 x**, not met | 2.2 x | 2.8 x |')
  expect(table).toContain('| attention, 1,024 patches, of our f32 matmul | 80 % | 60 % | 80 % |')
  expect(table).toContain('| matvec from memory, q4, of reading | 90 % | 85 % | 95 % |')
  expect(table).toContain('| 7B, prefix of 512 tokens q4, against llama.cpp q4_0 | 1.25 x | 0.85 x | 1.1 x |')
  expect(table).toContain('| llama.cpp q4_0, 512 tokens | 16.0 | 7.00 |')
})

test('what was not measured has no line', () => {
  expect(tableOf({})).not.toContain('matmul')
  expect(tableOf(results)).not.toContain('PyTorch')
})

test('times and memory are met from below, and NaN meets nothing', () => {
  const line = { what: '', least: 1 }
  expect(met({ ...line, reached: 0.4, unit: 'ms' })).toBe(true)
  expect(met({ ...line, reached: 1.1, unit: 'GB' })).toBe(false)
  for (const unit of ['%', 'x', 'ms', 'GB'] as const) expect(met({ ...line, reached: Number.NaN, unit })).toBe(false)
})

test('a page without the marks is refused, and the rest of the page stays', () => {
  const marks = ['<!-- bench: npm run bench -- report -->', '<!-- bench end -->']
  expect(withTable(`a\n${marks[0]}\nold\n${marks[1]}\nb`, 'new')).toBe(`a\n${marks[0]}\nnew\n${marks[1]}\nb`)
  expect(() => withTable('a', 'new')).toThrow('README.md')
})

test('the plot has a point a row, inside the picture', () => {
  const svg = roofline(plotted(results))
  const points = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)" r="4" fill="[^"]+" fill-opacity/g)]
  expect(points).toHaveLength(5)
  for (const [, x, y] of points) {
    expect(Number(x) > 60 && Number(x) < 750).toBe(true)
    expect(Number(y) > 20 && Number(y) < 380).toBe(true)
  }
  expect(svg).not.toContain('NaN')
})

test('README and plot are what the committed results say', () => {
  const committed = readResults(join(root, 'bench', 'results'))
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  expect(withTable(readme, tableOf(committed))).toBe(readme)
  expect(readFileSync(join(root, 'docs', 'roofline.svg'), 'utf8')).toBe(roofline(plotted(committed)))
})
