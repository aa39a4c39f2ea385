// generated_ids and step_logits, token by token. Forced: the dump's ids are fed, so one wrong id does not spoil the rows
// behind it. Free: our own ids are fed. Row 0 of step_logits are the logits behind the last token of the prompt, row k
// those behind generated id k - 1. The choice is the largest logit, the lowest id of equal ones, until an eos.
import type { Prepared } from '../api.ts'
import { findStage } from '../graph/stages-names.ts'
import { i64 } from '../tensor.ts'
import type { VerifiedCase } from './case.ts'

export interface Generated {
  /** Our choice at each place. */
  readonly ids: readonly number[]
  /** (V) each, as many as the dump has ids. */
  readonly rows: readonly Float32Array[]
}

export interface Decoding {
  readonly of: VerifiedCase
  readonly prepared: Prepared
  /** How many tokens the dump has. */
  readonly N: number
  /** The dump's ids to feed, null where an id cannot be used; empty: feed ours. */
  readonly fed: readonly (number | null)[]
  /** Feeds the id that is generated id number `k`; returns the logits behind it. */
  readonly step: (id: number, k: number) => Promise<Float32Array>
}

/** How many tokens the dump has, 0 when it has none. */
export function countOf(of: VerifiedCase): number {
  const { tensors } = of.golden.file
  const shape = (tensors.get('generated_ids') ?? tensors.get('step_logits'))?.shape ?? [0]
  // A tensor without elements may claim any count: one step is enough to see that it fits nothing.
  return shape.includes(0) ? Math.min(1, shape[0]) : (shape[0] ?? 0)
}

/** The dump's ids; an id outside of the vocabulary is null. */
export async function goldenIds(of: VerifiedCase): Promise<(number | null)[]> {
  const { V } = of.setup.subject.config.dims
  const name = 'generated_ids'
  if (of.golden.misfit(name, findStage(name)!, {}) !== null) return []
  const { data } = await of.golden.read(name)
  return Array.from(data, Number).map((id) => (id >= 0 && id < V ? id : null))
}

/** @param first the logits behind the prompt */
export async function generate({ of, prepared, N, fed, step }: Decoding, first: Float32Array): Promise<Generated> {
  const { config } = of.setup.subject
  const ids: number[] = []
  const rows: Float32Array[] = []
  const most = Math.max(N, Math.min(N + 1, of.setup.question.maxNewTokens ?? N))
  for (let logits = first; ; ) {
    of.setup.signal?.throwIfAborted()
    if (rows.length < N) rows.push(logits)
    const own = largest(logits)
    ids.push(own)
    const next = fed[ids.length - 1] ?? own
    const full = prepared.nextPosition + ids.length - 1 >= config.maxPositions
    if (config.eosIds.includes(next) || ids.length >= most || full) return { ids, rows }
    logits = await step(next, ids.length - 1)
  }
}

/** Index of the largest value, the lowest of equal ones. */
export function largest(values: ArrayLike<number>): number {
  let best = 0
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i
  return best
}

export function idsTensor(ids: readonly number[]) {
  return i64([ids.length], ids)
}

/** The dump's own choice, row by row of its step_logits; null when it has none that can be read. */
export async function goldenChoice(of: VerifiedCase): Promise<number[] | null> {
  const { V } = of.setup.subject.config.dims
  const values = await of.golden.asInput('step_logits', findStage('step_logits')!, { V })
  if (values === null) return null
  return Array.from({ length: values.shape[0] }, (_, k) => largest(values.data.subarray(k * V, (k + 1) * V)))
}
