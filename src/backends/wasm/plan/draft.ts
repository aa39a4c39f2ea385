// What lowering makes of a graph, before groups and registers: instructions on numbered values.
import type { Dim } from '../../../graph/graph.ts'
import type { PlacedWeights } from './placed-weights.ts'
import type { Dots, ProgramInput, Rows, Step } from './program.ts'

/** A value before it has a register. */
export interface DraftValue {
  readonly shard: number
  readonly dims: readonly Dim[]
  readonly elementBytes: number
  /** For lastRow: the value it is a view of. */
  readonly viewOf: number | null
}

export interface Output {
  readonly name: string
  readonly value: number
  readonly dims: readonly Dim[]
}

export interface Draft {
  readonly step: Step
  readonly shard: number
  /** null: not a loop over rows. */
  readonly rows: Rows | null
  readonly reads: readonly number[]
  readonly writes: readonly number[]
  /** Layer whose cache it writes, or reads. */
  readonly fills: number | null
  readonly looksUp: number | null
  /** What is handed out when it is done. */
  readonly outputs: readonly Output[]
}

export interface Lowered {
  readonly values: readonly DraftValue[]
  readonly drafts: readonly Draft[]
  readonly inputs: readonly ProgramInput[]
  /** Outputs that need no instruction: inputs, or computed by the host. */
  readonly givenBack: readonly Output[]
}

export interface LowerSetup {
  readonly weights: PlacedWeights
  readonly shardOfLayer: readonly number[]
  /** How q8 and q4 matrices meet x. */
  readonly dots: Readonly<Record<'q8' | 'q4', Dots>>
  readonly quantizedRowBytes: (inner: number) => number
}
