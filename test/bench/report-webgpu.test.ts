// The README's table of the webgpu backend says which adapter gave it.
import { expect, test } from 'vitest'
import type { GpuResult } from '../../bench/kernels/webgpu.ts'
import { gpuTable } from '../../bench/report-webgpu.ts'

const spread = (median: number) => ({ median, p10: median, p90: median, runs: 30 })
const sizes = { inner: 64, cols: 32 }
const result: GpuResult = {
  machine: { cpu: 'a CPU', cores: 2, memory: 1e9, node: 'v24.0.0', v8: '13', date: '2026-01-01' },
  adapter: { name: 'Some Adapter', software: true },
  tuning: { tile: { rows: 16, own: 2, steps: 2 }, matvecThreads: 16, subgroups: true },
  roofs: { madd: spread(10), read: spread(4) },
  rows: [
    { kernel: 'matvec_q4', rows: 1, ...sizes, unit: 'GB/s', rate: spread(3), roof: 'read', share: 0.75 },
    { kernel: 'matmul_q4', rows: 16, ...sizes, unit: 'GFLOP/s', rate: spread(2), roof: 'madd', share: 0.2 },
  ],
  model: {
    machine: { cpu: 'a CPU', cores: 2, memory: 1e9 },
    engine: { node: 'v24.0.0', v8: '13', vectors: 128 },
    model: { layers: 6, kernels: 'wgsl', threads: 1, weights: 'exact' },
    load_ms: 1,
    peak_rss_bytes: 1,
    prefix: [{ tokens: 66, seconds: spread(0.5) }],
    decode: { context: 66, seconds: spread(0.04) },
    layer: { prefix: [], decode: spread(1) },
    roofs: {},
    ops: [],
  },
}

test('a software adapter is called one, with its kernels, their shares, and the model in tokens a second', () => {
  const table = gpuTable(result)
  expect(table).toContain(
    '**A software adapter, which computes on the CPU: these figures say nothing of a GPU.** Some Adapter',
  )
  expect(table).toContain('| q4 | 2.00 (20 %) | 3.00 (75 %) |')
  expect(table).toContain('prefix pass of 66 tokens at 132 tokens a second, decode behind 66 at 25.0')
})

test('a hardware adapter is named as it is', () => {
  const table = gpuTable({ ...result, adapter: { name: 'Some Adapter', software: false } })
  expect(table).toContain('Adapter: Some Adapter')
  expect(table).not.toContain('software')
})
