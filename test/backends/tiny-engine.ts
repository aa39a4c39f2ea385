// An engine on a tiny random checkpoint, for tests that need nothing outside the repository.
import type { Engine, KvCache, LoadRequest, Pass, WeightSource } from '../../src/backends/backend.ts'
import { reference } from '../../src/backends/reference/reference.ts'
import type { ModelConfig } from '../../src/config/model-config.ts'
import { expectedWeights } from '../../src/config/weight-names.ts'
import type { Top } from '../../src/graph/builder.ts'
import { cutGraph } from '../../src/graph/cut.ts'
import { buildPass } from '../../src/model/sail.ts'
import { type F32Tensor, sizeOf } from '../../src/tensor.ts'
import { f32ToBf16Bits } from '../../src/weights/formats/bf16.ts'
import { tiny } from '../model/tiny.ts'

/** Numbers in (-1, 1) from a seed: a 32-bit linear congruence is plenty here. */
function random(n: number, seed: number): Float32Array {
  let state = seed >>> 0
  return Float32Array.from({ length: n }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 31 - 1
  })
}

export function randomWeights(
  config: ModelConfig,
  dtype: 'F32' | 'BF16' = 'F32',
): Map<string, Float32Array | Uint16Array> {
  const named = [...expectedWeights(config)].map(([name, shape], i) => {
    const values = random(sizeOf(shape), i + 1)
    return [name, dtype === 'F32' ? values : Uint16Array.from(values, f32ToBf16Bits)] as const
  })
  return new Map(named)
}

export function sourceOf(config: ModelConfig, data: ReadonlyMap<string, Float32Array | Uint16Array>): WeightSource {
  const shapes = expectedWeights(config)
  return {
    tensors: new Map(
      [...data].map(([name, values]) => [
        name,
        { dtype: values instanceof Uint16Array ? 'BF16' : 'F32', shape: shapes.get(name)! },
      ]),
    ),
    async read(name, from = 0, to = shapes.get(name)![0]) {
      const values = data.get(name)!
      const row = values.byteLength / shapes.get(name)![0]
      return new Uint8Array(values.slice().buffer, from * row, (to - from) * row)
    },
  }
}

export function tinyEngine(config: ModelConfig = tiny, request: Partial<LoadRequest> = {}): Promise<Engine> {
  return reference.load({ config, weights: sourceOf(config, randomWeights(config)), numerics: 'f32', ...request })
}

/** Six tokens with two patches: begin, patch, patch, end, and two of text. */
export const tokens = {
  ids: Int32Array.of(3, 4, 4, 5, 1, 6),
  axes: [
    [0, 1, 1, 3, 4, 5],
    [0, 1, 1, 3, 4, 5],
    [0, 1, 2, 3, 4, 5],
  ],
  patchIndices: Int32Array.of(-1, 0, 1, -1, -1, -1),
  patches: { dtype: 'F32', shape: [2, 12], data: random(24, 99) } satisfies F32Tensor,
}

export interface TinyPass {
  readonly range: readonly [number, number]
  readonly outputs: readonly string[]
  /** What next_top holds; without it there is none. */
  readonly top?: Top
  readonly mask?: Pass['mask']
  readonly given?: ReadonlyMap<string, F32Tensor>
  readonly keep?: boolean
  readonly signal?: AbortSignal
}

/** Tokens [from, to) of `tokens`, causal unless said, kept unless said. */
export function tinyPass(cache: KvCache, config: ModelConfig, pass: TinyPass): Pass {
  const {
    range,
    outputs,
    mask = { kind: 'causal', window: null },
    given = new Map(),
    keep = true,
    signal,
    top = null,
  } = pass
  const [from, to] = range
  const patchIndices = tokens.patchIndices.slice(from, to)
  const patches = patchIndices.some((patch) => patch !== -1)
  const graph = cutGraph(buildPass(config, { patches, top }), { outputs, given: [...given.keys()], effects: keep })
  return {
    graph,
    cache,
    ids: tokens.ids.slice(from, to),
    positions: Int32Array.from(tokens.axes.flatMap((axis) => axis.slice(from, to))),
    mask,
    patchIndices,
    given: graph.inputs.has('patches') ? new Map([['patches', tokens.patches], ...given]) : given,
    keep,
    ...(signal === undefined ? {} : { signal }),
  }
}
