// A graph as what the device runs: for each op its dispatches, with buffers by name and sizes left open. Made once a graph
// and class of passes (one token, or more: another kernel multiplies); every pass of the class walks the same plan.
//   registers   buffers that values live in, one after the other: a value gives its register back after its last use
import type { Dim, Op, PassSizes } from '../../../graph/graph.ts'
import type { Float, Kernel } from '../kernels/kernel.ts'

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

/** What a register holds for a while. */
export interface Held {
  readonly shape: readonly Dim[]
  readonly type: Float
}

/** A stage that is handed out: copied from where it lies as soon as it is there. */
export interface Output extends Held {
  readonly name: string
  readonly source: Source
}

/** The work of one op. */
export interface Step {
  /** The stage that it writes; of a cache op the one that it stores. */
  readonly name: string
  readonly op: Op
  readonly dispatches: readonly Dispatch[]
  readonly outputs: readonly Output[]
}

/** Bytes of values in a buffer, whole words. */
export function bytesOf(count: number, type: Float): number {
  return type === 'f16' ? Math.ceil(count / 2) * 4 : count * 4
}

/** What the host writes into a register before the pass. */
export type HostInput = { readonly register: number } & (
  | { readonly kind: 'ids' | 'patches' }
  | { readonly kind: 'given'; readonly name: string; readonly type: Float }
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
  /** All values that each register holds in turn. */
  readonly registers: readonly (readonly Held[])[]
  /** Whether a kernel reports to the guard: its flag is then read too. */
  readonly guarded: boolean
  /** Outputs that the pass is given. */
  readonly givenBack: readonly string[]
}
