// topK: the first scores of a row and their ids, all that choosing a token needs as a rule.                  (2, count)
//   out[0, n] = score, out[1, n] = id: what is not finite first, by rising id; then the ids under `below`, falling
// It copies: nothing is rounded, so every backend gives the same bits.
import type { Work } from '../work.ts'

export function* topK(
  out: Float32Array,
  scores: Float32Array,
  { count, below }: { readonly count: number; readonly below: number },
): Work {
  const rank = (id: number): number => (Number.isFinite(scores[id]) ? scores[id] : Infinity)
  const first: number[] = []
  for (let id = 0; id < scores.length; id++) {
    if (id >= below && rank(id) !== Infinity) continue
    let at = first.length
    while (at > 0 && rank(first[at - 1]) < rank(id)) at--
    if (at === count) continue
    first.splice(at, 0, id)
    if (first.length > count) first.pop()
  }
  for (const [n, id] of first.entries()) {
    out[n] = scores[id]
    out[count + n] = id
  }
  yield
}
