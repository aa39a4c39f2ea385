// The graphs a run needs, each built and cut once: a backend plans a graph when it first sees it, so asking twice for
// the same stages must hand it the same graph again. Only a few are kept; a verifier asks for hundreds.
import type { ModelConfig } from '../config/model-config.ts'
import type { Top } from '../graph/builder.ts'
import { cutGraph } from '../graph/cut.ts'
import type { Graph } from '../graph/graph.ts'
import { buildPass } from '../model/sail.ts'

export interface GraphRequest {
  /** Whether tokens of the pass are image patches. */
  readonly patches: boolean
  readonly stages: readonly string[]
  /** What the stage next_top holds; null: there is none. */
  readonly top: Top | null
  readonly given: readonly string[]
  /** Whether the pass fills the cache. */
  readonly keep: boolean
}

const KEPT = 16

export class PassGraphs {
  readonly #config: ModelConfig
  readonly #whole = new Map<boolean, Graph>()
  /** In the order of last use. */
  readonly #cut = new Map<string, Graph>()

  constructor(config: ModelConfig) {
    this.#config = config
  }

  /** @throws SailError E_GRAPH_STAGE_UNKNOWN, E_GRAPH_TOP_K, E_MODEL_NO_VISION */
  get({ patches, stages, top, given, keep }: GraphRequest): Graph {
    const key = JSON.stringify([patches, stages, top, given, keep])
    const graph = this.#cut.get(key) ?? cutGraph(this.#graph(patches, top), { outputs: stages, given, effects: keep })
    this.#cut.delete(key)
    this.#cut.set(key, graph)
    if (this.#cut.size > KEPT) this.#cut.delete(this.#cut.keys().next().value!)
    return graph
  }

  #graph(patches: boolean, top: Top | null): Graph {
    if (top !== null) return buildPass(this.#config, { patches, top })
    const graph = this.#whole.get(patches) ?? buildPass(this.#config, { patches })
    this.#whole.set(patches, graph)
    return graph
  }
}
