// From tokens to text: whole characters only, stop strings cut off, one piece a token (its text is empty while a
// character or a possible stop string is incomplete). The pieces' texts add up to the answer's text, their ids to its
// ids. An abort ends with what there is when the caller asked for that, else it is thrown.
import type { FinishReason, Piece, TokenLogprob } from '../api.ts'
import type { Token } from './decode.ts'
import type { GenerateSettings } from './options.ts'
import { createStopMatcher } from './stop.ts'

/** Streaming decode of a tokenizer: never half a character, and all it gives adds up to the decode of all ids. */
export interface TextDecoder {
  push(id: number): string
  flush(): string
}

export interface Outcome {
  readonly text: string
  readonly ids: readonly number[]
  readonly finishReason: FinishReason
  readonly logprobs: readonly TokenLogprob[]
}

export async function* pieces(
  tokens: AsyncGenerator<Token, void>,
  decoder: TextDecoder,
  settings: GenerateSettings,
): AsyncGenerator<Piece, Outcome> {
  const matcher = createStopMatcher(settings.stop)
  const [texts, ids, logprobs]: [string[], number[], TokenLogprob[]] = [[], [], []]
  const end = (finishReason: FinishReason): Outcome => ({ text: texts.join(''), ids, finishReason, logprobs })
  try {
    for await (const { id, logprob, finish } of tokens) {
      ids.push(id)
      if (logprob !== null) logprobs.push(logprob)
      const shown = matcher.push(decoder.push(id) + (finish === null ? '' : decoder.flush()))
      const text = finish === null || shown.stopped ? shown.text : shown.text + matcher.flush()
      texts.push(text)
      yield { text, ids: [id], ...(logprob !== null && { logprobs: [logprob] }) }
      if (shown.stopped) return end('stop')
      if (finish !== null) return end(finish)
    }
  } catch (error) {
    const { signal, onAbort } = settings
    if (!(onAbort === 'return' && signal?.aborted && error === signal.reason)) throw error
  }
  const { text, stopped } = matcher.push(decoder.flush())
  const rest = stopped ? text : text + matcher.flush()
  texts.push(rest)
  if (rest !== '') yield { text: rest, ids: [] }
  return end('abort')
}
