// From raw logits to the scores that an id is chosen from, in the order of transformers 4.42: repetition penalty,
// suppressed ids (both for greedy too), then for sampling temperature, top-k, top-p, min-p. Every filter takes its
// softmax over what the filters before it left. Options at their neutral value add no step.
import { SailError } from '../errors.ts'
import { divideByTemperature, keepMinP, keepTopK, keepTopP, penalizeRepetition, suppress } from './filters.ts'
import type { Sampling } from './options.ts'

/**
 * @param logits (V), left as they are   @param ids prompt and output so far   @param suppressed ids never generated
 * @returns (V) f32 scores, -Infinity where removed   @throws SailError E_LOGITS_NOT_FINITE
 */
export function filteredScores(
  logits: Float32Array,
  ids: Iterable<number>,
  sampling: Sampling,
  suppressed: Iterable<number>,
): Float32Array {
  checkLogits(logits)
  const scores = logits.slice()
  const { temperature, topK, topP, minP, repetitionPenalty } = sampling
  if (repetitionPenalty !== 1) penalizeRepetition(scores, ids, repetitionPenalty)
  suppress(scores, suppressed)
  if (temperature === 0) return scores
  if (temperature !== 1) divideByTemperature(scores, temperature)
  if (topK !== 0) keepTopK(scores, topK)
  if (topP < 1) keepTopP(scores, topP)
  if (minP > 0) keepMinP(scores, minP)
  return scores
}

/** A NaN that a filter removes would go unseen, so the raw logits are looked at first. */
function checkLogits(logits: Float32Array): void {
  const id = logits.findIndex((logit) => !Number.isFinite(logit))
  if (id === -1) return
  throw new SailError('E_LOGITS_NOT_FINITE', {
    file: 'generate',
    place: `logit of id ${id}`,
    expected: 'a finite number',
    found: String(logits[id]),
    hint: 'the checkpoint or the given stages hold values that the model cannot compute with',
  })
}
