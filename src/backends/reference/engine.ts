// Runs graphs op by op. A plan is the fused graph and, for each op, the values that nobody reads after it: they are
// dropped at once, so a pass holds a few (S, F) arrays and not all of them.
import { fuseAttention } from '../../graph/fuse.ts'
import { type Graph, inputsOf, type Op, type PassSizes, resolveShape, type Value } from '../../graph/graph.ts'
import type { F32Tensor } from '../../tensor.ts'
import type { Engine, EngineInfo, LoadRequest, Pass } from '../backend.ts'
import { ownCache } from '../check-cache.ts'
import { checkPass } from '../check-pass.ts'
import { ReferenceCache } from './kv-cache.ts'
import { type Numerics, numericsOf } from './numerics.ts'
import { type Frame, startOp } from './run-op.ts'
import type { StoredWeight } from './stored-weight.ts'
import { Pace } from './work.ts'

interface Plan {
  readonly graph: Graph
  /** lastUses[i]: ids of values that op i is the last to need. */
  readonly lastUses: readonly (readonly number[])[]
  /** Names of the outputs by the id of their value. */
  readonly outputs: ReadonlyMap<number, readonly string[]>
}

export class ReferenceEngine implements Engine {
  readonly info: EngineInfo
  readonly #config: LoadRequest['config']
  readonly #weights: Map<string, StoredWeight>
  readonly #numerics: Numerics
  readonly #plans = new WeakMap<Graph, Plan>()
  #closed = false

  constructor({ config, numerics }: LoadRequest, weights: Map<string, StoredWeight>) {
    this.#config = config
    this.#weights = weights
    this.#numerics = numericsOf[numerics]
    const notes = numerics === 'bf16' ? ['weights, patches and every result are rounded to bf16'] : []
    this.info = {
      backend: 'reference',
      kernels: 'plain',
      threads: 1,
      weights: numerics === 'bf16' ? 'bf16' : 'exact',
      notes,
    }
  }

  createCache(): ReferenceCache {
    return new ReferenceCache(this, this.#config.dims)
  }

  async run(pass: Pass): Promise<Map<string, F32Tensor>> {
    const cache = ownCache(ReferenceCache, pass.cache, this, this.#closed)
    const sizes = checkPass(pass, this.#config.dims.V)
    const before = cache.length
    let after = before
    cache.begin(sizes.K)
    try {
      const outputs = await this.#runOps(pass, sizes, cache)
      if (pass.keep) after = sizes.K
      return outputs
    } finally {
      cache.end(after)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#weights.clear()
  }

  async #runOps(pass: Pass, sizes: PassSizes, cache: ReferenceCache): Promise<Map<string, F32Tensor>> {
    const { graph, lastUses, outputs } = this.#planOf(pass.graph)
    const values = new Map<number, Float32Array>()
    const frame: Frame = { pass, sizes, cache, weights: this.#weights, numerics: this.#numerics, values }
    for (const [name, { id }] of graph.inputs) values.set(id, this.#received(pass.given.get(name)))
    const results = new Map<string, F32Tensor>()
    const handOut = async ({ id, shape }: Value): Promise<void> => {
      for (const name of outputs.get(id) ?? []) {
        const tensor = { dtype: 'F32', shape: resolveShape(shape, sizes), data: values.get(id)! } as const
        if (pass.onOutput === undefined) results.set(name, tensor)
        else await pass.onOutput(name, tensor)
      }
    }
    for (const value of graph.inputs.values()) await handOut(value)
    const pace = new Pace(pass.signal)
    for (const [i, op] of graph.ops.entries()) {
      await pace.finish(startOp(op, frame))
      await handOut(op.out)
      for (const id of lastUses[i]) values.delete(id)
    }
    return results
  }

  /** A given value as the run sees it: in bf16 numerics every value that passes between ops is bf16, the patches too. */
  #received(tensor: F32Tensor | undefined): Float32Array {
    const data = tensor?.data ?? new Float32Array(0)
    return this.#numerics.name === 'f32' ? data : data.map(this.#numerics.result)
  }

  #planOf(graph: Graph): Plan {
    let plan = this.#plans.get(graph)
    if (plan === undefined) {
      const fused = fuseAttention(graph)
      plan = { graph: fused, lastUses: lastUsesOf(fused), outputs: outputsOf(fused) }
      this.#plans.set(graph, plan)
    }
    return plan
  }
}

function lastUsesOf({ ops }: Graph): number[][] {
  const lastUses = ops.map((): number[] => [])
  const met = new Set<number>()
  for (let i = ops.length - 1; i >= 0; i--)
    for (const id of readOrMade(ops[i])) {
      if (!met.has(id)) lastUses[i].push(id)
      met.add(id)
    }
  return lastUses
}

function outputsOf({ outputs, stages }: Graph): Map<number, string[]> {
  const names = new Map<number, string[]>()
  for (const name of outputs) {
    const { id } = stages.get(name)!
    names.set(id, [...(names.get(id) ?? []), name])
  }
  return names
}

function readOrMade(op: Op): number[] {
  return [...inputsOf(op), op.out].map(({ id }) => id)
}
