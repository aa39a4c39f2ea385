// A program without weights behind it: every tensor stands at byte 0 of the shard that `shardOfLayer` says.
import { buildProgram } from '../../../src/backends/wasm/plan/build-program.ts'
import type { StoredFormat } from '../../../src/backends/wasm/plan/program.ts'
import { storedWeights } from '../../../src/backends/wasm/plan/stored-weights.ts'
import type { ModelConfig } from '../../../src/config/model-config.ts'
import { cutGraph } from '../../../src/graph/cut.ts'
import { buildPass } from '../../../src/model/sail.ts'

export interface ProgramOptions {
  readonly patches: boolean
  readonly outputs: readonly string[]
  readonly format?: StoredFormat
  readonly shardOfLayer?: readonly number[]
  readonly effects?: boolean
  readonly oneRow?: boolean
}

export function programOf(config: ModelConfig, options: ProgramOptions) {
  const {
    patches,
    outputs,
    format = 'f32',
    shardOfLayer = new Array(config.dims.L).fill(0),
    effects = true,
    oneRow = false,
  } = options
  const weights = { matrices: new Map(), tables: new Map(), vectors: new Map() }
  for (const { name, role, home, shape, format: stored } of storedWeights(config, () => 'F32', format)) {
    const shard = home === 'first' ? 0 : home === 'last' ? shardOfLayer.at(-1)! : shardOfLayer[home]
    const place = { shard, at: 0, format: stored, cols: shape[0], inner: shape[1] ?? 1 }
    if (role === 'matrix') weights.matrices.set(name, place)
    else if (role === 'table') weights.tables.set(name, place)
    else weights.vectors.set(name, place)
  }
  const graph = cutGraph(buildPass(config, { patches }), { outputs, effects })
  const dots = { q8: 'int', q4: 'int' } as const
  const quantizedRowBytes = (inner: number): number => Math.ceil(inner / 32) * 72
  return buildProgram(graph, { weights, shardOfLayer, dots, quantizedRowBytes }, oneRow)
}
