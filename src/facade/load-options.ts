// LoadOptions checked before anything is read. Two kinds of fault: a value that means nothing (E_OPTION_*), and one that
// is right but not possible here (a backend that is not built in, a format it does not take). Nothing is replaced by
// what would work: only `auto` chooses, and says so in the notes.
import type { LoadOptions } from '../api.ts'
import { checkOptions, integer, type OptionRules } from '../config/option-rules.ts'
import { SailError } from '../errors.ts'
import type { WeightFormat } from './weight-view.ts'

export interface LoadSettings {
  readonly weights: WeightFormat
  readonly numerics: 'f32' | 'bf16'
  readonly maxPatches: number
  /** What was chosen for the caller. */
  readonly notes: readonly string[]
}

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
  onProgress: ['E_OPTION_ON_PROGRESS', ...callback],
  signal: ['E_OPTION_SIGNAL', 'an AbortSignal', (x) => x instanceof AbortSignal],
  logger: ['E_OPTION_LOGGER', ...callback],
}

/**
 * @throws SailError E_OPTION_* for a wrong value; E_BACKEND_UNAVAILABLE, E_WEIGHTS_FORMAT_UNSUPPORTED,
 *   E_KERNELS_UNAVAILABLE, E_OPTION_UNAVAILABLE for what cannot be had
 */
export function loadSettings(options: LoadOptions): LoadSettings {
  checkOptions('Sail.load', options, rules)
  const { backend = 'auto', weights = 'exact', numerics = 'f32', maxPatches = 4096 } = options
  if (backend === 'wasm' || backend === 'webgpu')
    throw fault('E_BACKEND_UNAVAILABLE', 'backend', 'reference or auto', `${backend}, which is not built in`)
  if (weights === 'q8' || weights === 'q4')
    throw fault('E_WEIGHTS_FORMAT_UNSUPPORTED', 'weights', 'exact, f32 or bf16', weights)
  checkPlain(options)
  const notes = backend === 'auto' ? ['backend auto: reference, the only one that is built in'] : []
  return { weights, numerics, maxPatches, notes }
}

/** What plain loops do not have. */
function checkPlain({ kernels = 'auto', threads = 'auto', activations = 'f32', kv = 'f32' }: LoadOptions): void {
  if (kernels === 'relaxed')
    throw fault('E_KERNELS_UNAVAILABLE', 'kernels', 'strict or auto on the reference backend', kernels)
  const wrong = Object.entries({ threads, activations, kv }).find(([, value]) => ![1, 'auto', 'f32'].includes(value))
  if (wrong === undefined) return
  const [name, value] = wrong
  const expected = `${name === 'threads' ? '1' : 'f32'} on the reference backend`
  throw fault('E_OPTION_UNAVAILABLE', name, expected, String(value))
}

function fault(code: `E_${string}`, place: string, expected: string, found: string): SailError {
  return new SailError(code, { file: 'Sail.load', place, expected, found })
}
