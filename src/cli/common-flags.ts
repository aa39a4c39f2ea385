// The flags that every command on a model takes. A flag beats its SAIL_* variable, which beats the default; a value from a
// variable is checked like one from the command line. Flags of backends that are not built in are read here and refused
// by name when the model is loaded.
import { type Command, Option } from 'commander'
import type { GenerateOptions } from '../api.ts'
import { integer, integerOrAuto } from './flag-values.ts'

export interface OutputFlags {
  readonly quiet?: boolean
  readonly color: boolean
}

export interface ModelFlags extends OutputFlags {
  readonly model: string
  readonly backend: 'reference' | 'wasm' | 'webgpu' | 'auto'
  readonly weights: 'exact' | 'f32' | 'bf16' | 'q8' | 'q4'
  readonly activations?: 'f32' | 'int' | 'f16'
  readonly numerics: 'f32' | 'bf16'
  readonly kv: 'f32' | 'f16'
  readonly threads: number | 'auto'
  readonly kernels: 'strict' | 'relaxed' | 'auto'
  readonly vectors: '128' | 'auto'
  readonly maxPatches: number
  readonly maxPixels: number
  readonly profile?: string
}

/**
 * For commands that run no model: the flags of an engine are read and checked, so that a script may pass the same ones to
 * every command; they change nothing here and stand in no help.
 */
export function plainFlags(command: Command, own: readonly string[] = ['max-patches']): Command {
  for (const option of engineOptions())
    if (!['--max-patches', '--max-pixels'].includes(option.long ?? '') && !own.includes(option.name()))
      command.addOption(option.hideHelp())
  return outputFlags(command)
}

function outputFlags(command: Command): Command {
  return command
    .option('--quiet', 'no progress and no notes on stderr; errors are still printed')
    .option('--no-color', 'no colour, also on a terminal')
}

/** --model and everything about how it runs. */
export function modelFlags(command: Command): Command {
  command.requiredOption('--model <dir>', 'folder of the checkpoint')
  for (const option of engineOptions()) command.addOption(option)
  return outputFlags(command)
}

function engineOptions(): Option[] {
  return [
    choice('backend', 'name', ['reference', 'wasm', 'webgpu', 'auto'], 'what computes', 'auto'),
    choice('weights', 'format', ['exact', 'f32', 'bf16', 'q8', 'q4'], 'exact: bf16 stays bf16, all else f32', 'exact'),
    choice(
      'activations',
      'format',
      ['f32', 'int', 'f16'],
      'values between the layers (f32; int with q8 and q4; f16 on webgpu)',
    ),
    choice('numerics', 'format', ['f32', 'bf16'], 'bf16: round where PyTorch does in bf16', 'f32'),
    choice('kv', 'format', ['f32', 'f16'], 'cached keys and values', 'f32'),
    threadsOption(),
    choice('kernels', 'kind', ['strict', 'relaxed', 'auto'], 'strict: the same bits on every machine', 'auto'),
    choice('vectors', 'bits', ['128', 'auto'], 'auto: V8 may join pairs to 256 bits (Node 24)', 'auto'),
    maxPatchesOption(),
    maxPixelsOption(),
    new Option('--profile <file>', 'write how long each op took on each worker, as a Chrome trace').env('SAIL_PROFILE'),
  ]
}

/** --threads. */
export function threadsOption(): Option {
  return new Option('--threads <n>', 'number of threads, 1 to 256, or auto')
    .env('SAIL_THREADS')
    .argParser(integerOrAuto(1, 256))
    .default('auto')
}

/** --max-patches. */
export function maxPatchesOption(): Option {
  return new Option('--max-patches <n>', 'most patches an image may take, 1 to 4096')
    .env('SAIL_MAX_PATCHES')
    .argParser(integer(1, 4096))
    .default(4096)
}

/** --max-pixels; the default is Pillow's. */
export function maxPixelsOption(): Option {
  return new Option('--max-pixels <n>', 'most pixels an image file may declare')
    .env('SAIL_MAX_PIXELS')
    .argParser(integer(1, 2 ** 31 - 1))
    .default(178_956_970)
}

function choice(name: string, value: string, choices: string[], what: string, initial?: string): Option {
  return new Option(`--${name} <${value}>`, what).env(`SAIL_${name.toUpperCase()}`).choices(choices).default(initial)
}

export type SamplingFlags = Pick<
  GenerateOptions,
  'temperature' | 'topK' | 'topP' | 'minP' | 'repetitionPenalty' | 'seed' | 'stop' | 'logprobs'
>
