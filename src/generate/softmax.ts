// Softmax and log-softmax of one row of scores, sums in f64:
//   softmax[i] = exp(s[i] - max) / sum exp(s - max)         logSoftmax[i] = s[i] - max - log(sum exp(s - max))
// A score of -Infinity has probability 0.

/** @param scores (V), finite or -Infinity, one at least finite   @returns (V), rounded to f32 */
export function softmax(scores: Float32Array): Float32Array {
  const { max, sum } = normaliser(scores)
  return scores.map((s) => Math.exp(s - max) / sum)
}

/** log(sum exp(s)): log-softmax of one score is the score minus this. */
export function logSumExp(scores: Float32Array): number {
  const { max, sum } = normaliser(scores)
  return max + Math.log(sum)
}

function normaliser(scores: Float32Array): { max: number; sum: number } {
  let max = -Infinity
  for (const s of scores) if (s > max) max = s
  let sum = 0
  for (const s of scores) sum += Math.exp(s - max)
  return { max, sum }
}
