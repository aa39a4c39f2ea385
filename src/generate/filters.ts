// The logits processors of Hugging Face transformers 4.42 (generation/logits_process.py), one function each, on f32
// scores in place; a removed id has score -Infinity. Order and defaults stand in scores.ts.
//   repetition penalty r: s < 0 ? s * r : s / r for every distinct id of prompt and output
//   temperature t:        s / t
//   top-k:                remove s < the k-th largest; ties of it stay, so more than k may stay
//   top-p:                sort ascending, softmax, running sum; remove while sum <= 1 - p; the last always stays
//   min-p:                remove prob < p * the largest prob; the best always stays
// A Python number meets an f32 tensor as an f32, hence the fround of every option.
import { softmax } from './softmax.ts'

/** @param scores (V)   @param ids prompt and output, `<vpatch>` included   @param penalty above 0; 1 changes nothing */
export function penalizeRepetition(scores: Float32Array, ids: Iterable<number>, penalty: number): void {
  const r = Math.fround(penalty)
  for (const id of new Set(ids)) scores[id] = scores[id] < 0 ? scores[id] * r : scores[id] / r
}

/** Removes ids that the family never generates. */
export function suppress(scores: Float32Array, ids: Iterable<number>): void {
  for (const id of ids) scores[id] = -Infinity
}

/** @param scores (V)   @param temperature above 0 */
export function divideByTemperature(scores: Float32Array, temperature: number): void {
  const t = Math.fround(temperature)
  for (let i = 0; i < scores.length; i++) scores[i] /= t
}

/** @param scores (V)   @param k 1 or more; from V on nothing is removed */
export function keepTopK(scores: Float32Array, k: number): void {
  if (k >= scores.length) return
  const border = scores.toSorted()[scores.length - k]
  for (let i = 0; i < scores.length; i++) if (scores[i] < border) scores[i] = -Infinity
}

/**
 * The running sum is kept in f64 and rounded to f32 for each comparison, as torch.cumsum does on a CPU. Of equal scores
 * at the border the lower ids go first (torch leaves that order open).
 * @param scores (V)   @param p 0..1; 1 is off and must not get here, as in transformers
 */
export function keepTopP(scores: Float32Array, p: number): void {
  const probabilities = softmax(scores)
  const left = Uint32Array.from(scores.keys()).filter((id) => scores[id] !== -Infinity)
  const ascending = left.sort((a, b) => scores[a] - scores[b] || a - b)
  const limit = Math.fround(1 - p)
  let sum = 0
  for (const id of ascending.subarray(0, -1)) {
    sum += probabilities[id]
    if (!(Math.fround(sum) <= limit)) return
    scores[id] = -Infinity
  }
}

/** @param scores (V)   @param p 0..1 */
export function keepMinP(scores: Float32Array, p: number): void {
  const probabilities = softmax(scores)
  const best = probabilities.reduce((a, b) => Math.max(a, b))
  const border = Math.fround(Math.fround(p) * best)
  for (let i = 0; i < scores.length; i++) if (probabilities[i] < border) scores[i] = -Infinity
}
