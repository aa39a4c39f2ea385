// One question answered: its run on the shared cache, the decode loop, text. What a consumer sees piece by piece, and at
// the end the whole answer.
import type { Answer, Piece, Prepared } from '../api.ts'
import { decode } from '../generate/decode.ts'
import type { GenerateSettings } from '../generate/options.ts'
import { pieces } from '../generate/pieces.ts'
import type { PrefixReuse } from '../generate/prefix-reuse.ts'
import { EngineRun } from '../generate/run.ts'
import { Stopwatch } from '../generate/stopwatch.ts'
import type { Model } from './model.ts'

export async function* answer(
  model: Model,
  prepared: Prepared,
  settings: GenerateSettings,
  reuse: PrefixReuse,
): AsyncGenerator<Piece, Answer> {
  const { config, engine, graphs, suppressed, tokenizer } = model
  const stopwatch = new Stopwatch()
  const checkOpen = (): void => engine.checkOpen()
  const run = new EngineRun({ engine, config, graphs, prepared, cache: reuse.take(prepared), checkOpen })
  const onPass = (name: string): void => {
    if (name === prepared.passes[0].name) reuse.hold(prepared)
  }
  const tokens = decode(run, { config, settings, suppressed, stopwatch, onPass })
  const { text, ids, finishReason, logprobs } = yield* pieces(tokens, tokenizer.createStreamDecoder(), settings)
  return {
    text,
    ids,
    finishReason,
    grid: prepared.grid,
    prefixTokens: prepared.prefixLength,
    promptTokens: prepared.ids.length - prepared.prefixLength,
    timings: stopwatch.timings(model.loadMs),
    seed: settings.seed,
    ...(settings.logprobs !== null && { logprobs }),
  }
}

/** The answer of a call that was aborted before its sequence was made. */
export function noAnswer({ loadMs }: Model, { seed, logprobs }: GenerateSettings): Answer {
  const nothing = { text: '', ids: [], grid: null, prefixTokens: 0, promptTokens: 0 }
  const timings = new Stopwatch().timings(loadMs)
  return { ...nothing, finishReason: 'abort', timings, seed, ...(logprobs !== null && { logprobs: [] }) }
}
