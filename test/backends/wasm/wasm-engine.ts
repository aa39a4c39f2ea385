// Wasm engines for tests, on the tiny random checkpoint or another source. Sources run uncompiled here, so the team is
// the calling thread; team.test.ts runs the compiled workers.
import { existsSync } from 'node:fs'
import type { Engine, LoadRequest } from '../../../src/backends/backend.ts'
import type { WasmHost } from '../../../src/backends/wasm/host.ts'
import type { WasmSettings } from '../../../src/backends/wasm/settings.ts'
import { wasmBackend } from '../../../src/backends/wasm/wasm.ts'
import type { ModelConfig } from '../../../src/config/model-config.ts'
import { nodeWasmHost } from '../../../src/node/wasm-host.ts'
import { root } from '../../support/golden.ts'
import { randomWeights, sourceOf } from '../tiny-engine.ts'

/** The compiled library: workers can be started from there only. */
export const built = existsSync(`${root}dist/.built`)

export const settings: WasmSettings = { weights: 'f32', activations: 'f32', kv: 'f32', threads: 1, kernels: 'strict' }

export interface WasmEngineOptions {
  readonly settings?: Partial<WasmSettings>
  readonly request?: Partial<LoadRequest>
  readonly host?: Partial<WasmHost>
}

export function wasmEngine(config: ModelConfig, options: WasmEngineOptions = {}): Promise<Engine> {
  const weights = options.request?.weights ?? sourceOf(config, randomWeights(config))
  const backend = wasmBackend({ ...settings, ...options.settings }, { ...nodeWasmHost, ...options.host })
  return backend.load({ config, weights, numerics: 'f32', ...options.request })
}
