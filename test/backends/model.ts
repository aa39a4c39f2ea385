// Golden models and cases for these tests: config by hand, passes as FORMAT.md describes them.
import { readFileSync } from 'node:fs'
import type { Engine, KvCache, Pass } from '../../src/backends/backend.ts'
import { reference } from '../../src/backends/reference/reference.ts'
import { families } from '../../src/config/family.ts'
import type { ModelConfig } from '../../src/config/model-config.ts'
import { cutGraph } from '../../src/graph/cut.ts'
import { buildPass } from '../../src/model/sail.ts'
import type { F32Tensor } from '../../src/tensor.ts'
import { ints, openCheckpoint, openTensors, type TensorFile, tensor } from './safetensors.ts'

/** The little that these tests need of config.json. */
function readConfig(folder: string): ModelConfig {
  const raw = JSON.parse(readFileSync(`${folder}/config.json`, 'utf8'))
  const [D, H] = [raw.hidden_size, raw.num_attention_heads]
  const E = D / H
  return {
    family: families.sail,
    dims: {
      D,
      H,
      E,
      L: raw.num_hidden_layers,
      G: raw.num_key_value_heads,
      F: raw.intermediate_size,
      V: raw.vocab_size,
    },
    patchSize: raw.vision_patch_size,
    rmsNormEps: raw.rms_norm_eps,
    ropeTheta: raw.rope_theta,
    ropeSections: [0, E / 4, E / 4],
    slidingWindow: raw.sliding_window,
    maxPositions: raw.max_position_embeddings,
    tied: false,
    bias: { q: false, k: false, v: false, o: false },
    eosIds: [2],
  }
}

export interface GoldenCase {
  readonly config: ModelConfig
  readonly file: TensorFile
  /** The f32 dump, which holds the ids, positions and patches of every other one. */
  readonly main: TensorFile
  readonly ids: Int32Array
  readonly positions: Int32Array
  readonly prefix: number
}

export function openCase(shared: string, name: string, dtype = 'f32'): GoldenCase {
  const model = name.startsWith('p14') ? 'p14' : 'p32-window'
  const main = openTensors(`${shared}cases/${name}.f32.safetensors`)
  const file = dtype === 'f32' ? main : openTensors(`${shared}cases/${name}.${dtype}.safetensors`)
  const ids = ints(main, 'input_ids')
  const positions = ints(main, 'position_ids')
  return {
    config: readConfig(`${shared}models/${model}`),
    file,
    main,
    ids,
    positions,
    prefix: ints(main, 'prefix_len')[0],
  }
}

export function loadEngine(shared: string, { config }: GoldenCase, numerics: 'f32' | 'bf16' = 'f32'): Promise<Engine> {
  const folder = `${shared}models/${config.patchSize === 14 ? 'p14' : 'p32-window'}`
  return reference.load({ config, weights: openCheckpoint(folder), numerics })
}

export interface PassRequest {
  readonly name: 'prefix' | 'text'
  readonly outputs: readonly string[]
  readonly given?: ReadonlyMap<string, F32Tensor>
  readonly keep?: boolean
}

/** One pass of a case; patches come from the main dump unless given. */
export function runPass(engine: Engine, cache: KvCache, golden: GoldenCase, request: PassRequest, patches?: F32Tensor) {
  const { name, outputs, given = new Map(), keep = false } = request
  const { config, ids, positions, prefix, main } = golden
  const T = ids.length
  const [from, to] = name === 'prefix' ? [0, prefix] : [prefix, T]
  const whole = buildPass(config, { patches: name === 'prefix' })
  const graph = cutGraph(whole, { outputs, given: [...given.keys()], effects: keep })
  const values = new Map(given)
  if (graph.inputs.has('patches') && !values.has('patches')) values.set('patches', patches ?? tensor(main, 'patches'))
  const pass: Pass = {
    graph,
    cache,
    ids: ids.slice(from, to),
    positions: Int32Array.from([0, 1, 2].flatMap((axis) => [...positions.slice(axis * T + from, axis * T + to)])),
    mask: name === 'prefix' ? { kind: 'full', window: null } : { kind: 'causal', window: config.slidingWindow },
    patchIndices: Int32Array.from({ length: to - from }, (_, s) =>
      name === 'prefix' && s > 0 && s < to - 1 ? s - 1 : -1,
    ),
    given: values,
    keep,
  }
  return engine.run(pass)
}
