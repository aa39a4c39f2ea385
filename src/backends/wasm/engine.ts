// Runs graphs on the team. A graph becomes a program once (a WeakMap remembers), another for a single token than for more;
// a pass lays out the scratch for its sizes, writes what the program is given, and lets the team walk the groups, from
// output to output.
import { type Graph, type PassSizes, resolveShape } from '../../graph/graph.ts'
import { type F32Tensor, sizeOf } from '../../tensor.ts'
import type { Engine, EngineInfo, Pass, Profiler } from '../backend.ts'
import { ownCache } from '../check-cache.ts'
import { checkPass } from '../check-pass.ts'
import { type PageSource, WasmCache } from './kv-cache.ts'
import { type BuiltProgram, buildProgram } from './plan/build-program.ts'
import type { LowerSetup, Output } from './plan/draft.ts'
import type { Frame } from './plan/program.ts'
import { BLOCK_ROWS } from './plan/size-registers.ts'
import { passProfile } from './profile/pass-profile.ts'
import { rotaryTable } from './rotary-table.ts'
import type { Scratch } from './scratch.ts'
import type { Team } from './team/team.ts'

export interface EngineSetup {
  readonly info: EngineInfo
  readonly vocabulary: number
  readonly lower: LowerSetup
  readonly team: Team
  readonly scratch: Scratch
  readonly pages: PageSource
  readonly f16Cache: boolean
  readonly profiler: Profiler | null
}

interface Plan {
  readonly number: number
  readonly program: BuiltProgram
}

interface Run {
  readonly pass: Pass
  readonly sizes: PassSizes
  readonly plan: Plan
  readonly frame: Frame
}

/** Programs that the team keeps. */
const KEPT = 32

export class WasmEngine implements Engine {
  readonly info: EngineInfo
  readonly #setup: EngineSetup
  readonly #plans = { row: new WeakMap<Graph, Plan>(), rows: new WeakMap<Graph, Plan>() }
  readonly #kept: { readonly graph: Graph; readonly plans: WeakMap<Graph, Plan> }[] = []
  #numbers = 0
  #closed = false

  constructor(setup: EngineSetup) {
    this.info = setup.info
    this.#setup = setup
  }

  createCache(): WasmCache {
    return new WasmCache(this, this.#setup.pages)
  }

  async run(pass: Pass): Promise<Map<string, F32Tensor>> {
    const cache = ownCache(WasmCache, pass.cache, this, this.#closed)
    const sizes = checkPass(pass, this.#setup.vocabulary)
    const before = cache.length
    let after = before
    cache.begin()
    try {
      const plan = this.#planOf(pass.graph, sizes.S === 1)
      const frame = this.#frame(pass, sizes, cache, plan)
      const outputs = await this.#walk({ pass, sizes, plan, frame })
      if (pass.keep) after = sizes.K
      return outputs
    } finally {
      cache.end(after)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#setup.team.close()
  }

  #frame({ mask }: Pass, sizes: PassSizes, cache: WasmCache, { program }: Plan): Frame {
    const { scratch, f16Cache } = this.#setup
    // First of the two, so that a larger scratch can begin where a smaller one did, and leaves no hole between pages.
    const laid = scratch.lay(program.registers, sizes)
    cache.reserve(sizes.K)
    return {
      ...sizes,
      ...laid,
      block: BLOCK_ROWS,
      mask: mask.kind === 'causal' ? 1 : 0,
      window: mask.window ?? 0,
      f16Cache,
      pageTables: cache.tables,
    }
  }

  async #walk(run: Run): Promise<Map<string, F32Tensor>> {
    const { pass, plan, frame } = run
    const { groups, givenBack } = plan.program
    const { team, profiler } = this.#setup
    const { signal } = pass
    const profile = profiler?.active ?? false
    signal?.throwIfAborted()
    if (profile) await team.records() // what a pass that was aborted has left
    this.#writeInputs(run)
    const results = new Map<string, F32Tensor>()
    for (const output of givenBack) await this.#handOut(output, run, results)
    let from = 0
    for (const [i, { outputs }] of groups.entries()) {
      if (outputs.length === 0 && i < groups.length - 1) continue
      await team.run({ program: plan.number, groups: [from, i + 1], frame, profile, signal })
      from = i + 1
      for (const output of outputs) await this.#handOut(output, run, results)
    }
    if (profile) profiler?.take(passProfile(plan.program, frame, await team.records()))
    return results
  }

  async #handOut(
    { name, value, dims }: Output,
    { pass, sizes, plan, frame }: Run,
    results: Map<string, F32Tensor>,
  ): Promise<void> {
    const { register, shard, stride, lastRow } = plan.program.values[value]
    const shape = resolveShape(dims, sizes)
    const at = frame.registers[register] + (lastRow ? (sizes.S - 1) * stride : 0)
    const bytes = await this.#setup.team.read(shard, at, sizeOf(shape) * 4)
    const tensor = { dtype: 'F32', shape, data: new Float32Array(bytes.buffer) } as const
    if (pass.onOutput === undefined) results.set(name, tensor)
    else await pass.onOutput(name, tensor)
  }

  #writeInputs({ pass, sizes, plan, frame }: Run): void {
    const {
      values,
      inputs,
      sizes: { E },
    } = plan.program
    for (const input of inputs) {
      const { register, shard } = values[input.value]
      const write = (data: ArrayBufferView): void => this.#setup.team.write(shard, frame.registers[register], data)
      if (input.kind === 'ids') write(pass.ids)
      else if (input.kind === 'patches') write(pass.patchIndices ?? new Int32Array(sizes.S).fill(-1))
      else if (input.kind === 'given') write(pass.given.get(input.name)!.data)
      else write(rotaryTable(input, pass.positions, E))
    }
  }

  #planOf(graph: Graph, oneRow: boolean): Plan {
    const plans = oneRow ? this.#plans.row : this.#plans.rows
    const known = plans.get(graph)
    if (known !== undefined) return known
    const { team, lower } = this.#setup
    const plan = { number: this.#numbers++, program: buildProgram(graph, lower, oneRow) }
    team.addProgram(plan.number, plan.program)
    plans.set(graph, plan)
    this.#kept.push({ graph, plans })
    if (this.#kept.length > KEPT) {
      const old = this.#kept.shift()!
      team.forgetProgram(old.plans.get(old.graph)!.number)
      old.plans.delete(old.graph)
    }
    return plan
  }
}
