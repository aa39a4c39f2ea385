// A graph as what the device runs: for each op its dispatches, with buffers by name and sizes left open. Made once a graph
// and class of passes (one token, or more: another kernel multiplies); every pass of the class walks the same plan.
//   registers   buffers that values live in, one after the other: a value gives its register back after its last use
import type { Dim, Op, PassSizes } from '../../../graph/graph.ts'
import type { Kernel } from '../kernels/kernel.ts'

/** What a kernel binds. */
export type Source =
  | { readonly kind: 'register'; readonly register: number }
  | { readonly kind: 'weight'; readonly buffer: GPUBuffer }
  | { readonly kind: 'cache'; readonly layer: number; readonly part: 'k' | 'v' }

export interface Dispatch {
  readonly kernel: Kernel
  /** In the kernel's order. */
  readonly sources: readonly Source[]
  /** Workgroups along x and y. */
  grid(sizes: PassSizes): readonly [x: number, y: number]
  flops(sizes: PassSizes): number
}

/** A stage that is handed out: copied from where it lies as soon as it is there. */
export interface Output {
  readonly name: string
  readonly source: Source
  readonly shape: readonly Dim[]
}

/** The work of one op. */
export interface Step {
  readonly op: Op
  readonly dispatches: readonly Dispatch[]
  readonly outputs: readonly Output[]
}

/** What the host writes into a register before the pass. */
export type HostInput = { readonly register: number } & (
  | { readonly kind: 'ids' | 'patches' }
  | { readonly kind: 'given'; readonly name: string }
  | {
      readonly kind: 'rotary'
      readonly part: 'cos' | 'sin'
      readonly theta: number
      readonly sections: readonly [number, number, number]
    }
)

export interface Plan {
  readonly steps: readonly Step[]
  readonly inputs: readonly HostInput[]
  /** Shapes of all values that each register holds in turn. */
  readonly registers: readonly (readonly (readonly Dim[])[])[]
  /** Outputs that the pass is given. */
  readonly givenBack: readonly string[]
}
