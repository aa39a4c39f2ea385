// One prepared sequence on an engine: its passes in order, then token by token. It turns "pass 'text', and hand me
// layers.0.out" into a cut graph, ids, positions and mask for the engine, and keeps track of what the cache holds:
//   cache    [ prefix tokens | prompt tokens | fed ids ]         `length` is its end
//   position of fed id number j (from 0): nextPosition + j on all three axes
import type { PassPlan, Prepared, Run, StageRequest } from '../api.ts'
import type { Engine, KvCache, MaskRule, Pass } from '../backends/backend.ts'
import type { ModelConfig } from '../config/model-config.ts'
import { SailError } from '../errors.ts'
import type { F32Tensor } from '../tensor.ts'
import type { PassGraphs } from './pass-graphs.ts'

export interface RunSetup {
  readonly engine: Engine
  readonly config: ModelConfig
  readonly graphs: PassGraphs
  readonly prepared: Prepared
  /** Holds the first tokens of the sequence already, or nothing. */
  readonly cache: KvCache
  /** Throws when the model was closed. */
  readonly checkOpen?: () => void
}

/** What a pass and a step have in common, ready for the engine. */
interface Tokens {
  readonly ids: Int32Array
  /** (3, S) */
  readonly positions: Int32Array
  readonly mask: MaskRule
  readonly patchIndices: Int32Array | null
}

export class EngineRun implements Run {
  readonly prepared: Prepared
  readonly #setup: RunSetup
  #closed = false

  constructor(setup: RunSetup) {
    this.prepared = setup.prepared
    this.#setup = setup
  }

  get length(): number {
    return this.#setup.cache.length
  }

  async pass(name: string, request: StageRequest): Promise<Map<string, F32Tensor>> {
    this.#checkOpen()
    const plan = this.#plan(name)
    if (plan.from !== this.length) throw order(`pass '${name}'`, `${plan.from} cached tokens`, this.length)
    const { ids, patchIndices, positions } = this.prepared
    const [from, to, T] = [plan.from, plan.to, ids.length]
    const axes = [0, 1, 2].map((axis) => positions.subarray(axis * T + from, axis * T + to))
    const indices = patchIndices.subarray(from, to)
    return this.#run(request, {
      ids: ids.slice(from, to),
      positions: Int32Array.from(axes.flatMap((axis) => [...axis])),
      mask: plan.mask,
      patchIndices: indices.some((index) => index >= 0) ? indices.slice() : null,
    })
  }

  async step(id: number, request: StageRequest): Promise<Map<string, F32Tensor>> {
    this.#checkOpen()
    const { config } = this.#setup
    const T = this.prepared.ids.length
    if (this.length < T) throw order('step', `at least ${T} cached tokens: all passes first`, this.length)
    const position = this.prepared.nextPosition + this.length - T
    if (!(position < config.maxPositions)) throw tooLong(position, config.maxPositions)
    if (!(Number.isInteger(id) && id >= 0 && id < config.dims.V)) throw badId(id, config.dims.V)
    return this.#run(request, {
      ids: Int32Array.of(id),
      positions: Int32Array.of(position, position, position),
      mask: this.prepared.passes.at(-1)!.mask,
      patchIndices: null,
    })
  }

  truncate(length: number): void {
    if (!(Number.isInteger(length) && length >= 0 && length <= this.length))
      throw order('truncate', `a length from 0 to ${this.length}`, length)
    this.#setup.cache.truncate(length)
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#setup.cache.free()
  }

  #checkOpen(): void {
    this.#setup.checkOpen?.()
    if (!this.#closed) return
    throw new SailError('E_RUN_CLOSED', { file: 'run', expected: 'an open run', found: 'one that was closed' })
  }

  #plan(name: string): PassPlan {
    const plan = this.prepared.passes.find((pass) => pass.name === name)
    if (plan !== undefined) return plan
    const expected = this.prepared.passes.map((pass) => `'${pass.name}'`).join(' or ')
    throw new SailError('E_RUN_PASS_UNKNOWN', { file: 'run', place: 'pass', expected, found: `'${name}'` })
  }

  #run(request: StageRequest, { ids, positions, mask, patchIndices }: Tokens): Promise<Map<string, F32Tensor>> {
    request.signal?.throwIfAborted()
    const { engine, graphs, cache } = this.#setup
    const { stages = [], top = null, given = new Map(), keep = true, onStage, signal } = request
    const patches = patchIndices !== null
    const graph = graphs.get({ patches, stages, top, given: [...given.keys()], keep })
    const pass: Pass = {
      graph,
      cache,
      ids,
      positions,
      mask,
      given: graph.inputs.has('patches') ? new Map([['patches', this.prepared.patches!], ...given]) : given,
      keep,
      ...(patchIndices !== null && { patchIndices }),
      ...(onStage !== undefined && { onOutput: onStage }),
      ...(signal !== undefined && { signal }),
    }
    return engine.run(pass)
  }
}

function order(place: string, expected: string, found: number): SailError {
  const hint = 'a sequence runs its passes in order, then its steps; truncate goes back'
  return new SailError('E_RUN_ORDER', { file: 'run', place, expected, found: String(found), hint })
}

function tooLong(position: number, maxPositions: number): SailError {
  return new SailError('E_RUN_POSITIONS', {
    file: 'run',
    place: 'step',
    expected: `a position below ${maxPositions} (max_position_embeddings)`,
    found: String(position),
  })
}

function badId(id: number, V: number): SailError {
  return new SailError('E_RUN_ID', {
    file: 'run',
    place: 'step',
    expected: `an id from 0 to ${V - 1}`,
    found: String(id),
  })
}
