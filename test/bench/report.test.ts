// The README's figures are those of bench/results/, and a line below its floor says so.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { commands } from '../../bench/all.ts'
import { met } from '../../bench/goal.ts'
import type { KernelResult } from '../../bench/kernels/rows.ts'
import { tableOf, withTable, withTables } from '../../bench/report.ts'
import { type Results, readResults, resultFiles } from '../../bench/results.ts'
import { roofline } from '../../bench/roofline.ts'
import { root } from '../support/golden.ts'

const spread = (median: number) => ({ median, p10: median * 0.9, p90: median * 1.1, runs: 3 })
const machine = { cpu: 'a CPU', cores: 2, memory: 1e9, node: 'v24.0.0', v8: '13', date: '2026-01-01' }
const roofs = { madd: spread(100), dot_i32: spread(160), dot_i16: spread(300), read: spread(30) }

function kernels(rows: readonly [string, number, number, number][], attention: number): KernelResult {
  const compared = { what: 'attention', rate: spread(70), against: 'matmul_f32', against_rate: spread(90) }
  return {
    ...{ machine, build: 'relaxed', threads: 2, roofs },
    comparisons: [{ ...compared, ratio: attention }],
    rows: rows.map(([kernel, count, rate, share]) => {
      const size = { rows: count, inner: 4096, cols: 4096, unit: count === 1 ? 'GB/s' : 'GOP/s' } as const
      return { kernel, ...size, rate: spread(rate), roof: 'madd', roof_rate: spread(100), share }
    }),
  }
}

const info = { kernels: 'relaxed', threads: 2, weights: 'q4', kv: 'f32', vectors: 256 }
const model = { prefix: { 256: spread(21), 512: spread(20), 1024: spread(19) }, decode: spread(7) }
const results: Results = {
  relaxed: kernels(
    [
      ['matmul_f32', 1024, 90, 0.9],
      ['matmul_q8_int', 1024, 120, 0.7],
      ['matmul_q8_fused', 1024, 130, 0.81],
      ['matvec_q4_int', 1, 27, 0.9],
    ],
    0.8,
  ),
  strict: kernels([['matmul_f32', 1024, 80, 0.85]], 0.7),
  q4: {
    machine,
    models: {
      context: 1024,
      ours: { ...model, info, load: spread(2), peak_rss: 5.34e9, grown: 2048 },
      narrow: { prefix: { 512: spread(12) }, decode: spread(7) },
      llama: { prefix: { 512: spread(16) }, decode: spread(7), peak_rss: 4.5e9, build: 'abc' },
    },
  },
  engines: {
    machine,
    reports: [
      { engine: 'Node 20', kernels: 'relaxed', missing: 'E_KERNELS_UNAVAILABLE: an engine with relaxed SIMD' },
      { engine: 'Node 24', kernels: 'relaxed', load: 0.5, prefix: { 256: spread(90) }, decode: spread(40) },
    ],
  },
  onnx: {
    machine,
    onnx: {
      rows: [
        { kind: 'q4', rows: 1, inner: 4096, cols: 64, ours: spread(50), onnx: spread(1), ratio: 51.23 },
        { kind: 'q4', rows: 64, inner: 4096, cols: 64, ours: spread(150), onnx: spread(50), ratio: 3.1 },
      ],
    },
  },
}

test('a line has its figure, the strict build beside it, its floor and its aim, and one below the floor is marked', () => {
  const table = tableOf(results).split('\n')
  expect(table).toContain('| f32 matmul, 1,024 rows, of multiply-add | 90 % | 85 % |  | 85 % | 92 % |')
  expect(table).toContain('| q8 matmul, integers, of its dot | 81 % |  |  | 80 % | 90 % |')
  expect(table).toContain('| attention, 1,024 patches, of our f32 matmul | 80 % | 70 % |  | 60 % | 80 % |')
  expect(table).toContain('| matvec from memory, q4, of reading | 90 % |  |  | 85 % | 95 % |')
  expect(table).toContain('| 7B, prefix of 512 tokens q4, of llama.cpp q4_0 | 1.25 x |  |  | 0.85 x | 1.1 x |')
  expect(table).toContain('| the same, vectors of 128 bits | **0.75 x**, not met |  |  | 0.85 x | 1.1 x |')
  expect(table).toContain('| memory of 7B q4, 2048 tokens in f32 | **5.34 GB**, not met |  |  | 5 GB |  |')
})

test('tokens a second, engines and one matrix of onnxruntime-web have tables of their own', () => {
  const table = tableOf(results).split('\n')
  expect(table).toContain('| 7B q4_0, llama.cpp | 16.0 (512) | 7.00 | 4.50 |')
  expect(table).toContain('| 7B q4, vectors of 128 bits | 12.0 (512) | 7.00 |  |')
  expect(table).toContain('| Node 20 | relaxed | E_KERNELS_UNAVAILABLE |  |  |')
  expect(table).toContain('| Node 24 | relaxed | 0.50 s | 90.0 | 40.0 |')
  expect(table).toContain('| 4096 x 64, of onnxruntime-web | 1 row | 64 rows |')
  expect(table).toContain('| q4 | 51.2 x | 3.1 x |')
})

test('what was not measured has no line', () => {
  expect(tableOf({})).toBe('')
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
  expect(withTable(`a\n${marks[0]}\nold\n${marks[1]}\nb`, 'new', 'bench')).toBe(`a\n${marks[0]}\nnew\n${marks[1]}\nb`)
  expect(() => withTable('a', 'new', 'bench')).toThrow('README.md')
})

test('the plot has a point a row, inside the picture', () => {
  const svg = roofline(
    kernels(
      [
        ['matmul_f32', 1024, 90, 0.9],
        ['matvec_q4_int', 1, 27, 0.9],
        ['attention', 1024, 70, 0.7],
      ],
      1,
    ),
  )
  const points = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)" r="4" fill="[^"]+" fill-opacity/g)]
  expect(points).toHaveLength(3)
  for (const [, x, y] of points) {
    expect(Number(x) > 60 && Number(x) < 750).toBe(true)
    expect(Number(y) > 20 && Number(y) < 380).toBe(true)
  }
  expect(svg).not.toContain('NaN')
})

test('README and plot are what the committed results say', () => {
  const committed = readResults(join(root, 'bench', 'results'))
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  expect(withTables(readme, committed)).toBe(readme)
  if (committed.relaxed !== undefined)
    expect(readFileSync(join(root, 'docs', 'roofline.svg'), 'utf8')).toBe(roofline(committed.relaxed))
})

test('the page of the benches lists what makes each result', () => {
  const page = readFileSync(join(root, 'bench', 'README.md'), 'utf8')
  for (const [name, command] of Object.entries(commands))
    expect(page).toContain(`| \`${name}\` | \`${command.replaceAll('@', '$M/')}\``)
  for (const file of Object.values(resultFiles)) expect(commands).toHaveProperty(file)
})
