// An answer as `ask --json` prints it; the field names are the contract of scripts.
import type { Answer } from '../api.ts'
import type { Sail } from '../node.ts'

export function answerJson({ info }: Sail, answer: Answer): object {
  const { timings } = answer
  return {
    text: answer.text,
    ids: answer.ids,
    finish_reason: answer.finishReason,
    grid: answer.grid,
    prefix_tokens: answer.prefixTokens,
    prompt_tokens: answer.promptTokens,
    timings: {
      load_ms: timings.loadMs,
      prefix_ms: timings.prefixMs,
      prompt_ms: timings.promptMs,
      decode_ms: timings.decodeMs,
      tokens_per_second: timings.tokensPerSecond,
    },
    backend: info.backend,
    kernels: info.kernels,
    threads: info.threads,
    weights: info.weights,
    seed: answer.seed,
    ...(answer.logprobs !== undefined && { logprobs: answer.logprobs }),
  }
}
