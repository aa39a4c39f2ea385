// What the kernels' result holds.
import type { RoofName, Roofs } from '../../src/cli/bench/roofs.ts'
import type { Spread } from '../../src/cli/bench/spread.ts'
import type { Machine } from '../machine.ts'

/** A kernel and its roof, measured in turns. */
export interface Row {
  readonly kernel: string
  /** Rows of x, or queries. */
  readonly rows: number
  /** Values of a row of x, or keys. */
  readonly inner: number
  /** Outputs of a row. */
  readonly cols: number
  readonly unit: 'GOP/s' | 'GB/s'
  readonly rate: Spread
  readonly roof: RoofName
  readonly roof_rate: Spread
  /** Median over the turns. */
  readonly share: number
}

/** Two jobs of ours, measured in turns. */
export interface Comparison {
  readonly what: string
  readonly rate: Spread
  readonly against: string
  readonly against_rate: Spread
  /** Median over the turns. */
  readonly ratio: number
}

/** What comparisons are called. */
export const second = (kind: string): string => `matmul_${kind}, all threads`
export const OF_F32 = 'matmul_f32'

export interface KernelResult {
  readonly machine: Machine
  readonly build: 'strict' | 'relaxed'
  readonly threads: number
  /** Before the rows, each by itself. */
  readonly roofs: Roofs
  readonly rows: readonly Row[]
  readonly comparisons: readonly Comparison[]
}
