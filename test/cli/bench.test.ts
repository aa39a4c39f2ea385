import { beforeAll, expect, test, vi } from 'vitest'
import type { BenchReport } from '../../src/cli/bench/bench-report.ts'
import { dotOf, opTable } from '../../src/cli/bench/ops.ts'
import { rateOf, spread } from '../../src/cli/bench/spread.ts'
import type { PassProfile } from '../../src/index.ts'
import { built, cli } from '../support/cli.ts'
import { model } from './tiny-a.ts'

vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 })
beforeAll(built)

test('sail bench --json times passes, tokens and ops, and measures the roofs', async () => {
  const flags = ['--patches', '2,5', '--steps', '2', '--runs', '1', '--threads', '2', '--kernels', 'strict']
  const { code, stdout } = await cli(['bench', '--model', model, ...flags, '--quiet', '--json'])
  expect(code).toBe(0)
  const found = JSON.parse(stdout) as BenchReport
  expect(found.prefix.map(({ tokens }) => tokens)).toEqual([4, 7])
  expect(found.layer.prefix.map(({ tokens }) => tokens)).toEqual([4, 7])
  expect(found.decode).toMatchObject({ context: 7, seconds: { runs: 2 } })
  expect(found.model).toMatchObject({ threads: 2, kernels: 'strict', weights: 'exact' })
  const joins = process.versions.v8.startsWith('13.6.') && process.arch === 'x64'
  expect(found.engine.vectors).toBe(joins ? 256 : 128)
  expect(Object.keys(found.roofs)).toEqual(['madd', 'dot_i16x8', 'read'])
  expect(found.ops.map(({ tokens, keys }) => [tokens, keys])).toEqual([
    [4, 4],
    [1, 8],
  ])
  for (const { rows, waiting } of found.ops) {
    expect(rows.reduce((sum, { time }) => sum + time, waiting)).toBeCloseTo(1)
    for (const { ms, share } of rows) expect([ms >= 0, share >= 0]).toEqual([true, true])
  }
  expect(found.peak_rss_bytes).toBeGreaterThan(2e7)
})

test('sail bench refuses sizes that do not rise, and a backend that measures nothing', async () => {
  expect((await cli(['bench', '--model', model, '--patches', '5,2'])).code).toBe(2)
  expect((await cli(['bench', '--model', model, '--backend', 'reference'])).code).toBe(3)
})

const roof = (median: number) => ({ median, p10: median, p90: median, runs: 1 })
const op = (worker: number, begin: number, ms: number) => ({ worker, begin, ms, first: 0, rows: 1 })

test('an op takes as long as its slowest worker, and is held to the roof that it comes nearer to', () => {
  const linear = { name: 'linear f32 8 x 8', flops: 2e9, bytes: 1e6 }
  const add = { name: 'add', flops: 1e6, bytes: 5e8 }
  const ops = [
    { ...op(0, 0, 40), ...linear },
    { ...op(0, 50, 20), ...add },
    { ...op(1, 0, 50), ...linear },
    { ...op(1, 50, 10), ...add },
  ]
  const profile: PassProfile = { tokens: 2, keys: 2, clock: 'host', ops }
  const { ms, rows, waiting } = opTable(profile, 'strict', { madd: roof(100), read: roof(100) })
  expect([ms, waiting]).toEqual([70, 0])
  expect(rows.map(({ op: name, ms: time, roof: by, share }) => [name, time, by, share])).toEqual([
    ['linear f32 8 x 8', 50, 'madd', 0.8],
    ['add', 20, 'read', 0.5],
  ])
})

test('each matrix format is held to the instruction that it is computed with', () => {
  const names = ['linear bf16 8 x 8', 'linear q4 8 x 8', 'linear q4 int 8 x 8', 'linear q4 fused 8 x 8', 'attention']
  expect(names.map((name) => dotOf(name, 'relaxed'))).toEqual(['madd', 'madd', 'dot_i16', 'dot_i32', 'madd'])
  expect(dotOf('linear q8 int 8 x 8', 'strict')).toBe('dot_i16x8')
})

test('medians stand between percentiles, and a rate turns them round', () => {
  const times = spread([5, 1, 4, 2, 3])
  expect(times).toEqual({ median: 3, p10: 1, p90: 5, runs: 5 })
  expect(rateOf(60, times)).toEqual({ median: 20, p10: 12, p90: 60, runs: 5 })
  expect(spread([4, 2])).toMatchObject({ median: 3, runs: 2 })
})
