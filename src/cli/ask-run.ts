// One question: the answer on stdout as it comes, its timing on stderr; or everything as one JSON document.
import type { Answer, GenerateOptions } from '../api.ts'
import { SailError } from '../errors.ts'
import { checkGenerateOptions } from '../facade/check-generate-options.ts'
import { answerJson } from './answer-json.ts'
import { askAll } from './ask-lines.ts'
import type { ModelFlags, SamplingFlags } from './common-flags.ts'
import type { Context } from './context.ts'
import { withModel } from './load.ts'
import { write, writeJson } from './stdout.ts'
import { forTerminal } from './terminal.ts'

export interface AskFlags extends ModelFlags, SamplingFlags {
  readonly image?: string
  readonly prompt?: string
  readonly jsonl?: string
  readonly raw?: boolean
  readonly json?: boolean
  readonly maxNewTokens: number
}

export async function ask(flags: AskFlags, { signal }: Context): Promise<void> {
  const { prompt, jsonl, raw = false, json = false } = flags
  const options = generateOptions(flags, signal)
  if (prompt === undefined && jsonl === undefined) throw noQuestion()
  if (flags.logprobs !== undefined && !json && jsonl === undefined) throw noPlace()
  if (jsonl !== undefined) {
    return withModel(flags, signal, (sail, show) => askAll({ sail, show, jsonl, raw, options, signal }))
  }
  await withModel(flags, signal, async (sail, show, image) => {
    const question = { prompt: prompt ?? '', raw, ...(image !== undefined && { image }) }
    if (json) return writeJson(answerJson(sail, await sail.ask(question, options)))
    const stream = sail.stream(question, options)
    for (;;) {
      const { done, value } = await stream.next()
      if (done) {
        await write('\n')
        return show.say(timing(value))
      }
      await write(forTerminal(value.text, process.stdout))
      signal.throwIfAborted()
    }
  })
}

function generateOptions(flags: AskFlags, signal: AbortSignal): GenerateOptions {
  const { maxNewTokens, temperature, topK, topP, minP, repetitionPenalty, seed, stop, logprobs } = flags
  const sampling = { temperature, topK, topP, minP, repetitionPenalty, seed, stop, logprobs }
  const given = Object.fromEntries(Object.entries(sampling).filter(([, value]) => value !== undefined))
  const options = { maxNewTokens, signal, ...given }
  checkGenerateOptions(options) // now, not after the minutes that loading may take
  return options
}

function timing({ grid, ids, timings, finishReason }: Answer): string {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`
  const image = grid === null ? '' : `image ${grid[0]} x ${grid[1]} patches in ${seconds(timings.prefixMs)}, `
  const speed = timings.tokensPerSecond > 0 ? `, ${timings.tokensPerSecond.toFixed(1)} tokens/s` : ''
  const ended = finishReason === 'length' ? ', cut off by --max-new-tokens' : ''
  const prompt = `prompt ${seconds(timings.promptMs)}`
  return `loaded in ${seconds(timings.loadMs)}, ${image}${prompt}, ${ids.length} tokens in ${seconds(timings.decodeMs)}${speed}${ended}`
}

function noPlace(): SailError {
  const hint = 'plain text has no place for probabilities'
  return new SailError('E_USAGE', {
    place: '--logprobs',
    expected: '--json or --jsonl with it',
    found: 'neither',
    hint,
  })
}

function noQuestion(): SailError {
  const hint = 'sail ask --help shows the flags'
  return new SailError('E_USAGE', {
    place: 'sail ask',
    expected: '--prompt TEXT or --jsonl FILE',
    found: 'neither',
    hint,
  })
}
