// A program is what a graph becomes: groups of instructions that every worker of the team walks in step, each on its
// slice. It is plain data, made once for a graph and sent to the workers once; sizes that change from pass to pass (S,
// K, P, where values lie) come with each pass as a Frame.
//   group    instructions on the same rows. `blocked` groups run a block of rows through all their instructions before
//            the next block, so what lives only inside a group needs memory for one block of rows, not for all of them
//   value    what instructions read and write; numbered, because many values share one register over time
//   register a piece of a shard's scratch
import type { Dim } from '../../../graph/graph.ts'

/** What the rows of a group are: tokens, patches, or one row. */
export type Rows = 'S' | 'P' | 1

export interface ProgramValue {
  readonly shard: number
  readonly register: number
  /** Bytes from row to row; 0 where rows do not lie one after the other (heads first). */
  readonly stride: number
  /** Whether its register holds one block of rows only. */
  readonly local: boolean
  /** The last of S rows of its register. */
  readonly lastRow: boolean
}

export interface Register {
  readonly shard: number
  /** Elements: all of `dims`, or with `block` one block of rows of the elements behind the first axis. */
  readonly dims: readonly Dim[]
  readonly block: boolean
  readonly elementBytes: number
}

/** How a matrix or table lies in memory. */
export type StoredFormat = 'f32' | 'bf16' | 'q8' | 'q4'

/**
 * How a matrix meets x. exact: f32 x. int: quantised rows, whole-number dots. fused: the same bits by another instruction,
 * which is faster on some machines.
 */
export type Dots = 'exact' | 'int' | 'fused'

/** Offsets in the shard's memory. */
export interface PackedMatrix {
  readonly format: StoredFormat
  readonly at: number
  readonly inner: number
  readonly cols: number
}

/** Rows as they are, or in q8 panels. */
export interface PackedTable {
  readonly format: 'f32' | 'bf16' | 'q8'
  readonly at: number
}

/** Numbers of `Program.values`, besides offsets of weights (`at` ..) and sizes. */
export type Step =
  | {
      readonly kind: 'gather'
      readonly out: number
      readonly ids: number
      readonly table: PackedTable
      readonly D: number
    }
  | {
      readonly kind: 'quantize'
      readonly out: number
      readonly x: number
      readonly inner: number
      readonly format: 'q8' | 'q4'
    }
  | {
      readonly kind: 'linear'
      readonly out: number
      readonly x: number
      readonly weight: PackedMatrix
      readonly dots: Dots
    }
  | { readonly kind: 'addBias'; readonly out: number; readonly biasAt: number; readonly cols: number }
  | {
      readonly kind: 'scatterAdd'
      readonly out: number
      readonly rows: number
      readonly patches: number
      readonly D: number
    }
  | { readonly kind: 'copy'; readonly out: number; readonly x: number; readonly width: number }
  | {
      readonly kind: 'rmsNorm'
      readonly out: number
      readonly x: number
      readonly weightAt: number
      readonly D: number
      readonly eps: number
    }
  | {
      readonly kind: 'rope'
      readonly out: number
      readonly x: number
      readonly cos: number
      readonly sin: number
      readonly heads: number
    }
  | {
      readonly kind: 'ropeToCache'
      readonly x: number
      readonly cos: number
      readonly sin: number
      readonly layer: number
    }
  | { readonly kind: 'storeK'; readonly x: number; readonly layer: number }
  | { readonly kind: 'storeV'; readonly x: number; readonly layer: number }
  | { readonly kind: 'attnWeights'; readonly out: number; readonly q: number; readonly layer: number }
  | { readonly kind: 'attnMix'; readonly out: number; readonly weights: number; readonly layer: number }
  | { readonly kind: 'attention'; readonly out: number; readonly q: number; readonly layer: number }
  | { readonly kind: 'swiglu'; readonly out: number; readonly gate: number; readonly up: number; readonly F: number }
  | { readonly kind: 'add'; readonly out: number; readonly a: number; readonly b: number; readonly D: number }
  | {
      readonly kind: 'topK'
      readonly out: number
      readonly x: number
      readonly V: number
      readonly below: number
      readonly count: number
    }

export type Instruction = Step & {
  readonly shard: number
  /** Whether all workers must have finished what came before. */
  readonly barrier: boolean
}

export interface Group {
  readonly rows: Rows
  readonly blocked: boolean
  readonly instructions: readonly Instruction[]
  /** Values to hand out when the group is done, by stage name. */
  readonly outputs: readonly { readonly name: string; readonly value: number; readonly dims: readonly Dim[] }[]
}

export interface Program {
  readonly values: readonly ProgramValue[]
  readonly registers: readonly Register[]
  readonly groups: readonly Group[]
  readonly sizes: { readonly H: number; readonly G: number; readonly E: number }
  /** What is written before a pass starts. */
  readonly inputs: readonly ProgramInput[]
}

export type ProgramInput =
  | { readonly kind: 'given'; readonly name: string; readonly value: number; readonly dims: readonly Dim[] }
  | { readonly kind: 'ids'; readonly value: number }
  | { readonly kind: 'patches'; readonly value: number }
  | {
      readonly kind: 'rotary'
      readonly value: number
      readonly part: 'cos' | 'sin'
      readonly theta: number
      readonly sections: readonly [number, number, number]
    }

/** What changes from pass to pass. */
export interface Frame {
  readonly S: number
  readonly K: number
  readonly P: number
  /** Rows of a block. */
  readonly block: number
  readonly mask: 0 | 1
  /** 0: none. */
  readonly window: number
  readonly f16Cache: boolean
  /** Byte offset of each register in its shard. */
  readonly registers: readonly number[]
  /** Per shard: where each thread's private scratch begins, and how far apart these are. */
  readonly scratch: readonly { readonly at: number; readonly each: number }[]
  /** By layer: byte offset of its page table. */
  readonly pageTables: readonly number[]
}
