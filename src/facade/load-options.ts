// LoadOptions checked before anything is read: a value that means nothing is E_OPTION_*. Activations follow the weights
// when nobody says: quantised weights meet quantised activations where the backend has them.
import type { LoadOptions } from '../api.ts'
import { checkOptions, integer, type OptionRules } from '../config/option-rules.ts'
import { MAX_PIXELS, MOST_PIXELS } from '../image/rgb-image.ts'

type Chosen =
  | 'backend'
  | 'weights'
  | 'numerics'
  | 'maxPatches'
  | 'maxPixels'
  | 'kernels'
  | 'threads'
  | 'activations'
  | 'kv'

/** The options with their defaults. */
export type LoadSettings = Required<Pick<LoadOptions, Chosen>> & Pick<LoadOptions, 'profiler'>

const oneOf = (...words: string[]): [string, (value: unknown) => boolean] => [
  words.join(', '),
  (x) => typeof x === 'string' && words.includes(x),
]
const callback = ['a function', (x: unknown) => typeof x === 'function'] as const

const rules: OptionRules<LoadOptions> = {
  backend: ['E_OPTION_BACKEND', ...oneOf('reference', 'wasm', 'webgpu', 'auto')],
  weights: ['E_OPTION_WEIGHTS', ...oneOf('exact', 'f32', 'bf16', 'q8', 'q4')],
  numerics: ['E_OPTION_NUMERICS', ...oneOf('f32', 'bf16')],
  activations: ['E_OPTION_ACTIVATIONS', ...oneOf('f32', 'int', 'f16')],
  kv: ['E_OPTION_KV', ...oneOf('f32', 'f16')],
  threads: ['E_OPTION_THREADS', "an integer from 1 to 256, or 'auto'", (x) => x === 'auto' || integer(1, 256)(x)],
  kernels: ['E_OPTION_KERNELS', ...oneOf('strict', 'relaxed', 'auto')],
  maxPatches: ['E_OPTION_MAX_PATCHES', 'an integer from 1 to 4096', integer(1, 4096)],
  maxPixels: ['E_OPTION_MAX_PIXELS', `an integer from 1 to ${MOST_PIXELS}`, integer(1, MOST_PIXELS)],
  onProgress: ['E_OPTION_ON_PROGRESS', ...callback],
  signal: ['E_OPTION_SIGNAL', 'an AbortSignal', (x) => x instanceof AbortSignal],
  logger: ['E_OPTION_LOGGER', ...callback],
  profiler: ['E_OPTION_PROFILER', 'an object with active and take', isProfiler],
}

/** @throws SailError E_OPTION_* for a wrong value; what is right but cannot be had is found by chooseBackend */
export function loadSettings(options: LoadOptions): LoadSettings {
  checkOptions('Sail.load', options, rules)
  const { backend = 'auto', weights = 'exact', numerics = 'f32', maxPatches = 4096, maxPixels = MAX_PIXELS } = options
  const { kernels = 'auto', threads = 'auto', kv = 'f32' } = options
  const integers = (weights === 'q8' || weights === 'q4') && (backend === 'wasm' || backend === 'auto')
  const { activations = integers ? 'int' : 'f32' } = options
  const { profiler } = options
  const chosen = { backend, weights, numerics, maxPatches, maxPixels, kernels, threads, activations, kv }
  return { ...chosen, ...(profiler !== undefined && { profiler }) }
}

function isProfiler(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'take' in value && typeof value.take === 'function'
}
