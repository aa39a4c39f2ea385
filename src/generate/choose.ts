// From the scores of one position to an id.
//   greedy   the largest score, the lowest id of equal ones (torch.argmax on a CPU)
//   sample   p = softmax(scores); the first id, in rising order, at which the running f64 sum of p exceeds u * sum(p)
// Removed ids have p = 0, so the sum cannot pass u there. A score that is NaN or +Infinity is an error: argmax would
// otherwise answer with an id that means nothing.
import { SailError } from '../errors.ts'
import { softmax } from './softmax.ts'

/** @param scores (V)   @throws SailError E_SCORES_OVERFLOW, E_SCORES_EMPTY */
export function chooseGreedy(scores: Float32Array): number {
  checkScores(scores)
  let best = 0
  for (let i = 1; i < scores.length; i++) if (scores[i] > scores[best]) best = i
  return best
}

/** @param scores (V)   @param u in [0, 1)   @throws SailError E_SCORES_OVERFLOW, E_SCORES_EMPTY */
export function chooseSample(scores: Float32Array, u: number): number {
  checkScores(scores)
  const probabilities = softmax(scores)
  const border = u * probabilities.reduce((sum, p) => sum + p, 0)
  let sum = 0
  for (let i = 0; i < probabilities.length; i++) {
    sum += probabilities[i]
    if (sum > border) return i
  }
  return chooseGreedy(scores)
}

function checkScores(scores: Float32Array): void {
  let some = false
  for (let i = 0; i < scores.length; i++) {
    if (scores[i] - scores[i] === 0) some = true
    else if (scores[i] !== -Infinity) throw overflow(i, scores[i])
  }
  if (some) return
  throw new SailError('E_SCORES_EMPTY', {
    file: 'generate',
    place: 'scores',
    expected: 'at least one id left to choose from',
    found: `${scores.length} removed ids`,
  })
}

function overflow(id: number, score: number): SailError {
  return new SailError('E_SCORES_OVERFLOW', {
    file: 'generate',
    place: `score of id ${id}`,
    expected: 'a finite number',
    found: String(score),
    hint: 'the temperature or the repetition penalty is so extreme that f32 overflows',
  })
}
