// An engine without a model: the logits after the token at cache index n point at script[n - T + 1], and every pass is
// written down. For tests of the loop; V = 16, eos = 2 and 3.
import type { Prepared } from '../../src/api.ts'
import type { Engine, KvCache, Pass } from '../../src/backends/backend.ts'
import { checkPass } from '../../src/backends/check-pass.ts'
import type { ModelConfig } from '../../src/config/model-config.ts'
import { PassGraphs } from '../../src/generate/pass-graphs.ts'
import { EngineRun } from '../../src/generate/run.ts'
import { f32 } from '../../src/tensor.ts'
import { topK } from '../kernels/twins/choose.ts'
import { tiny } from '../model/tiny.ts'

export const config: ModelConfig = {
  ...tiny,
  dims: { D: 4, L: 1, H: 1, G: 1, E: 4, F: 4, V: 16 },
  patchSize: 1,
  maxPositions: 100,
  eosIds: [2, 3],
}

export class FakeCache implements KvCache {
  length = 0
  freed = false
  truncate(length: number): void {
    this.length = length
  }
  free(): void {
    this.freed = true
  }
}

export class FakeEngine implements Engine {
  readonly info = { backend: 'reference', kernels: 'plain', threads: 1, weights: 'exact', notes: [] } as const
  readonly passes: Pass[] = []
  readonly #script: readonly number[]
  readonly #T: number
  /** Called before each pass, for instance to abort. */
  before: (pass: Pass) => void | Promise<void> = () => {}

  /** Changes the logits of every pass. */
  spoil: (logits: Float32Array) => void = () => {}

  constructor(script: readonly number[], T: number) {
    this.#script = script
    this.#T = T
  }

  createCache(): FakeCache {
    return new FakeCache()
  }

  async run(pass: Pass) {
    checkPass(pass, config.dims.V)
    this.passes.push(pass)
    await this.before(pass)
    pass.signal?.throwIfAborted()
    const cache = pass.cache as FakeCache
    const length = cache.length + pass.ids.length
    if (pass.keep) cache.length = length
    const logits = new Float32Array(16)
    logits[this.#script[length - this.#T] ?? 15] = 5
    this.spoil(logits)
    const top = pass.graph.ops.find((op) => op.kind === 'topK')
    const { ids, scores } = top ? topK(logits, top.below, top.count) : { ids: [], scores: [] }
    const few = f32([2, ids.length], Float32Array.of(...scores, ...ids))
    return new Map(pass.graph.outputs.map((name) => [name, name === 'next_top' ? few : f32([1, 16], logits)]))
  }

  async close(): Promise<void> {}
}

/** A sequence with 2 patches (prefix of 4 tokens) and 3 prompt tokens; T = 7, next position 6. */
export function withImage(patches = [1, 2, 3, 4, 5, 6], ids = [10, 11, 11, 12, 1, 8, 9]): Prepared {
  const t = [0, 1, 1, 3, 4, 5, 6]
  return {
    image: null,
    patches: f32([2, 3], Float32Array.from(patches)),
    grid: [1, 2],
    ids: Int32Array.from(ids),
    patchIndices: Int32Array.of(-1, 0, 1, -1, -1, -1, -1),
    positions: Int32Array.from([...t, ...t, 0, 1, 2, 3, 4, 5, 6]),
    prefixLength: 4,
    nextPosition: 7,
    passes: [
      { name: 'prefix', from: 0, to: 4, mask: { kind: 'full', window: null } },
      { name: 'text', from: 4, to: 7, mask: { kind: 'causal', window: null } },
    ],
  }
}

export function open(engine: Engine, prepared: Prepared = withImage(), cache: KvCache = engine.createCache()) {
  return new EngineRun({ engine, config, graphs: new PassGraphs(config), prepared, cache })
}
