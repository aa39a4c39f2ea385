// GenerateOptions checked and completed. Sampling is on exactly when a temperature above 0 is given; options that only
// mean something then are refused without it, so that nobody believes they had an effect. Defaults as Hugging Face:
// greedy, and when sampling top-k 50.
import type { GenerateOptions } from '../api.ts'
import { checkOptions, integer, number, type OptionRules } from '../config/option-rules.ts'
import { SailError } from '../errors.ts'
import { drawSeed } from './random.ts'

export interface Sampling {
  /** 0 = greedy. */
  readonly temperature: number
  /** 0 = off. */
  readonly topK: number
  /** 1 = off. */
  readonly topP: number
  /** 0 = off. */
  readonly minP: number
  /** 1 = off. */
  readonly repetitionPenalty: number
  /** null when greedy. */
  readonly seed: number | null
}

export interface GenerateSettings extends Sampling {
  readonly maxNewTokens: number
  readonly stop: readonly string[]
  /** null = none. */
  readonly logprobs: number | null
  readonly signal: AbortSignal | undefined
  readonly onAbort: 'throw' | 'return'
}

const text = (x: unknown) => typeof x === 'string' && x !== '' && !/\p{Surrogate}/u.test(x)

const rules: OptionRules<GenerateOptions> = {
  maxNewTokens: ['E_OPTION_MAX_NEW_TOKENS', 'an integer from 1', integer(1, Number.MAX_SAFE_INTEGER)],
  temperature: ['E_OPTION_TEMPERATURE', 'a number from 0', number(0, Number.MAX_VALUE)],
  topK: ['E_OPTION_TOP_K', 'an integer from 0 (0 = off)', integer(0, Number.MAX_SAFE_INTEGER)],
  topP: ['E_OPTION_TOP_P', 'a number from 0 to 1', number(0, 1)],
  minP: ['E_OPTION_MIN_P', 'a number from 0 to 1', number(0, 1)],
  repetitionPenalty: ['E_OPTION_REPETITION_PENALTY', 'a number above 0', number(Number.MIN_VALUE, Number.MAX_VALUE)],
  seed: ['E_OPTION_SEED', 'an integer from 0 to 2^53 - 1', integer(0, Number.MAX_SAFE_INTEGER)],
  stop: ['E_OPTION_STOP', 'a list of well-formed texts, none empty', (x) => Array.isArray(x) && x.every(text)],
  logprobs: ['E_OPTION_LOGPROBS', 'an integer from 0', integer(0, Number.MAX_SAFE_INTEGER)],
  signal: ['E_OPTION_SIGNAL', 'an AbortSignal', (x) => x instanceof AbortSignal],
  onAbort: ['E_OPTION_ON_ABORT', "'throw' or 'return'", (x) => x === 'throw' || x === 'return'],
}

const samplingOnly = ['topK', 'topP', 'minP', 'seed'] as const

/** @throws SailError E_OPTION_*: a value out of range, an unknown option, a sampling option without a temperature */
export function generateSettings(options: GenerateOptions): GenerateSettings {
  checkOptions('options', options, rules)
  const temperature = options.temperature ?? 0
  if (temperature === 0) refuseSamplingOptions(options)
  return {
    maxNewTokens: options.maxNewTokens ?? 1024,
    temperature,
    topK: options.topK ?? 50,
    topP: options.topP ?? 1,
    minP: options.minP ?? 0,
    repetitionPenalty: options.repetitionPenalty ?? 1,
    seed: temperature === 0 ? null : (options.seed ?? drawSeed()),
    stop: options.stop ?? [],
    logprobs: options.logprobs ?? null,
    signal: options.signal,
    onAbort: options.onAbort ?? 'throw',
  }
}

function refuseSamplingOptions(options: GenerateOptions): void {
  const name = samplingOnly.find((key) => options[key] !== undefined)
  if (name === undefined) return
  throw new SailError('E_OPTION_NEEDS_TEMPERATURE', {
    file: 'options',
    place: name,
    expected: 'a temperature above 0 with it',
    found: options.temperature === undefined ? 'no temperature' : 'temperature 0',
    hint: `without a temperature the answer is greedy and ${name} would change nothing`,
  })
}
