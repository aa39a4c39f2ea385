// Graph to program: fuse, lower, group, assign registers, and put a barrier before each instruction that touches what
// others may still be writing or reading. What only one worker's slice depends on needs none, so q, k and v, or gate and
// up, run without waiting between them.
import { fuseAttention } from '../../../graph/fuse.ts'
import type { Graph } from '../../../graph/graph.ts'
import type { Draft, LowerSetup, Output } from './draft.ts'
import { groupDrafts } from './groups.ts'
import { lastRowOnly } from './last-row-only.ts'
import { lower } from './lower.ts'
import type { Instruction, Program, ProgramValue } from './program.ts'
import { queriesLast } from './queries-last.ts'
import { assignRegisters } from './registers.ts'

export interface BuiltProgram extends Program {
  /** Inputs that are handed back as they came. */
  readonly givenBack: readonly Output[]
}

/** @param oneRow for passes of a single token, which have no rows to hold and wait less in the graph's own order */
export function buildProgram(graph: Graph, setup: LowerSetup, oneRow: boolean): BuiltProgram {
  const fused = fuseAttention(graph)
  const lowered = lower(oneRow ? fused : lastRowOnly(queriesLast(fused)), setup)
  const groups = groupDrafts(lowered.drafts)
  const { values, registers } = assignRegisters(lowered, groups)
  const guard = new Guard(values)
  const { H, G, E } = graph.sizes
  return {
    values,
    registers,
    groups: groups.map(({ rows, blocked, drafts }) => ({
      rows,
      blocked,
      instructions: drafts.map(
        (draft): Instruction => ({ ...draft.step, shard: draft.shard, barrier: guard.needs(draft) }),
      ),
      outputs: drafts.flatMap((draft) => draft.outputs),
    })),
    sizes: { H, G, E },
    inputs: lowered.inputs,
    givenBack: lowered.givenBack,
  }
}

/** Watches what was written and read since the last barrier. */
class Guard {
  readonly #values: readonly ProgramValue[]
  #written = new Set<string>()
  #read = new Set<string>()

  constructor(values: readonly ProgramValue[]) {
    this.#values = values
  }

  needs({ reads, writes, fills, looksUp }: Draft): boolean {
    const name = (value: number): string => `register ${this.#values[value].register}`
    const read = [...reads.map(name), ...(looksUp === null ? [] : [`cache ${looksUp}`])]
    const written = writes.map(name)
    const waits =
      read.some((what) => this.#written.has(what)) ||
      written.some((what) => this.#written.has(what) || this.#read.has(what))
    if (waits) {
      this.#written = new Set()
      this.#read = new Set()
    }
    for (const what of read) this.#read.add(what)
    for (const what of written) this.#written.add(what)
    // Keys and values go to different rows, so the two that fill a cache do not wait for each other.
    if (fills !== null) this.#written.add(`cache ${fills}`)
    return waits
  }
}
