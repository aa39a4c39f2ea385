// Log-probabilities of a token as Hugging Face's `output_logits` gives them: log_softmax of the raw logits, before any
// penalty, temperature or filter, over the whole vocabulary. They say what the model thought, not how it was sampled.
import type { TokenLogprob } from '../api.ts'
import { logSumExp } from './softmax.ts'

/**
 * @param logits (V), raw   @param id the chosen one   @param top how many of the most likely ids to list, 0..V
 * @returns natural logarithms; `top` falls, equal ones by rising id
 */
export function tokenLogprob(logits: Float32Array, id: number, top: number): TokenLogprob {
  const norm = logSumExp(logits)
  const best = mostLikely(logits, top).map((i) => ({ id: i, logprob: logits[i] - norm }))
  return { id, logprob: logits[id] - norm, top: best }
}

function mostLikely(logits: Float32Array, count: number): number[] {
  if (count === 0) return []
  const border = logits.toSorted()[Math.max(0, logits.length - count)]
  const candidates = [...logits.keys()].filter((i) => logits[i] >= border)
  return candidates.sort((a, b) => logits[b] - logits[a] || a - b).slice(0, count)
}
