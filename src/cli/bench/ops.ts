// A profiled pass by kind of op: time, rate, and the share of the roof that limits it. An op takes as long as its slowest
// worker. Its share is the larger of two: operations against what the instruction it lives on can do, bytes against what
// memory gives; values that are still in the cache can put the second above 1.
import type { OpTime, PassProfile } from '../../node.ts'
import type { RoofName, Roofs } from './roofs.ts'

export interface OpRow {
  readonly op: string
  readonly calls: number
  readonly ms: number
  /** Of the whole pass. */
  readonly time: number
  readonly gflops: number
  readonly gigabytes: number
  readonly roof: RoofName
  readonly share: number
}

export interface OpTable {
  readonly tokens: number
  readonly keys: number
  readonly ms: number
  readonly clock: PassProfile['clock']
  readonly rows: readonly OpRow[]
  /** Share of the pass between ops: barriers, messages. */
  readonly waiting: number
}

interface Sum {
  calls: number
  ms: number
  flops: number
  bytes: number
}

export function opTable({ tokens, keys, clock, ops }: PassProfile, kernels: string, roofs: Roofs): OpTable {
  const workers = byWorker(ops)
  const sums = new Map<string, Sum>()
  for (const [i, { name }] of workers[0].entries()) {
    const sum = sums.get(name) ?? { calls: 0, ms: 0, flops: 0, bytes: 0 }
    const all = workers.map((each) => each[i])
    sum.calls++
    sum.ms += Math.max(...all.map(({ ms }) => ms))
    for (const { flops, bytes } of all) {
      sum.flops += flops
      sum.bytes += bytes
    }
    sums.set(name, sum)
  }
  const begin = ops.reduce((least, op) => Math.min(least, op.begin), Infinity)
  const ms = ops.reduce((most, op) => Math.max(most, op.begin + op.ms), 0) - begin
  const rows = [...sums].map(([op, sum]) => row(op, sum, ms, kernels, roofs)).sort((a, b) => b.ms - a.ms)
  return { tokens, keys, ms, clock, rows, waiting: 1 - rows.reduce((total, { time }) => total + time, 0) }
}

function byWorker(ops: readonly OpTime[]): OpTime[][] {
  const workers: OpTime[][] = []
  for (const op of ops) {
    workers[op.worker] ??= []
    workers[op.worker].push(op)
  }
  return workers
}

function row(op: string, { calls, ms, flops, bytes }: Sum, whole: number, kernels: string, roofs: Roofs): OpRow {
  const [gflops, gigabytes] = [flops / ms / 1e6, bytes / ms / 1e6]
  const dot = dotOf(op, kernels)
  const compute = gflops / (roofs[dot]?.median ?? Number.NaN)
  const memory = gigabytes / (roofs.read?.median ?? Number.NaN)
  const bound = compute > memory ? { roof: dot, share: compute } : { roof: 'read' as const, share: memory }
  return { op, calls, ms, time: ms / whole, gflops, gigabytes, ...bound }
}

/** The instruction that limits an op (names as in work.ts of the wasm backend). */
export function dotOf(op: string, kernels: string): RoofName {
  if (!/ q[48] (int|fused) /.test(op)) return 'madd'
  if (kernels === 'strict') return 'dot_i16x8'
  return / q4 int /.test(op) ? 'dot_i16' : 'dot_i32'
}
