// One line of the kernels' results.
import type { RoofName, Roofs } from '../../src/cli/bench/roofs.ts'
import type { Spread } from '../../src/cli/bench/spread.ts'
import type { Machine } from '../machine.ts'

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
  readonly share: number
}

export interface KernelResult {
  readonly machine: Machine
  readonly build: 'strict' | 'relaxed'
  readonly threads: number
  readonly roofs: Roofs
  readonly rows: readonly Row[]
}
