// What a token is chosen from: all logits of a row, or only the largest, where those decide. Then an engine hands out a few
// pairs and not a row of V, and the choice is the same to the bit:
//   greedy            the first one
//   top-k             those whose score is not below the k-th (ties stay, so one more than k must be seen to be below it);
//                     the filters behind it look at what is left, and removed ids add nothing to their sums
// Everything else needs the whole row: a penalty moves scores, log-probabilities are over all of them. So do rows that are
// not finite and ties that go on behind the last pair: then the row itself is asked for, and what is wrong with it is told there.
import type { StageRequest } from '../api.ts'
import type { F32Tensor } from '../tensor.ts'
import { divideByTemperature } from './filters.ts'
import type { GenerateSettings } from './options.ts'

export interface Candidates {
  /** Raw, in the order of the ids. */
  readonly logits: Float32Array
  /** Their ids, rising; null: all ids. */
  readonly ids: Int32Array | null
}

type Top = NonNullable<StageRequest['top']>
type Settings = Pick<GenerateSettings, 'temperature' | 'topK' | 'repetitionPenalty' | 'logprobs'>

/** Most logits that are asked for one by one. */
const MOST = 128

/** How many of the largest logits decide, or null. @param suppressed ids never generated: the last ones, or all are needed */
export function topNeeded(settings: Settings, suppressed: readonly number[], V: number): Top | null {
  const { temperature, topK, repetitionPenalty, logprobs } = settings
  const below = V - suppressed.length
  const wanted = temperature === 0 ? 1 : topK + 1
  const all = repetitionPenalty !== 1 || logprobs !== null || (temperature !== 0 && topK === 0)
  if (all || wanted > MOST || below < 1 || suppressed.some((id) => id < below)) return null
  return { count: Math.min(wanted, below), below }
}

/** The stage next_top as candidates, or null where they do not decide. */
export function decisive(
  { data }: F32Tensor,
  { count, below }: Top,
  { temperature, topK }: Settings,
): Candidates | null {
  const falling = data.slice(0, count)
  if (temperature !== 0) divideByTemperature(falling, temperature)
  if (!falling.every(Number.isFinite)) return null
  if (temperature !== 0 && count < below && !(falling[count - 1] < falling[topK - 1])) return null
  const order = [...data.subarray(count).keys()].sort((a, b) => data[count + a] - data[count + b])
  return {
    logits: Float32Array.from(order, (n) => data[n]),
    ids: Int32Array.from(order, (n) => data[count + n]),
  }
}

export function allCandidates({ data }: F32Tensor): Candidates {
  return { logits: data, ids: null }
}
