// What weights in another format than the checkpoint's should compute. A dump was made with the checkpoint's own weights, so
// it cannot judge q8 or q4: what it says and what they say lie apart by design. The reference backend on the very values that
// the kernels multiply with is the golden side then, from the same inputs and within the same limits, and the distance to the
// dump is reported without being judged.
// Quantised activations (int) round x as well, in steps of 1/63 (q8) or 1/127 (q4) of the largest of 32: errors of their
// average size come to at most 2.6 % and 1.3 % of x. What a matrix makes of it is held to twice that, the end of a chain of
// layers to twice the root of their number times as much, and ids, which may part on such a rounding, are not judged.
import type { Prepared, Run, StageRequest } from '../api.ts'
import type { F32Tensor } from '../tensor.ts'
import type { Limit } from './limits.ts'
import type { Subject } from './subject.ts'

export interface Definition {
  /** The reference backend on the weights as they were rounded. */
  readonly subject: Subject
  /** Whether activations are quantised too. */
  readonly int: boolean
}

/** Both sides of a stage: what is verified, and what the definition says; without one, `defined` is absent. */
export interface Sides {
  readonly got: F32Tensor
  readonly defined?: F32Tensor
}

/** Runs the same request on both sides. */
export type ExecuteBoth = (request: StageRequest) => Promise<Map<string, Sides>>

/** The run that is verified, and the definition's beside it where there is one. */
export interface Runs {
  readonly run: Run
  /** Does the same to both. */
  both(one: (run: Run, request: StageRequest) => Promise<Map<string, F32Tensor>>): ExecuteBoth
}

/** Opens both runs of a sequence and closes them, whatever happens. */
export async function withRuns<T>(
  { subject, definition }: { readonly subject: Subject; readonly definition?: Definition | undefined },
  prepared: Prepared,
  work: (runs: Runs) => Promise<T>,
): Promise<T> {
  const run = subject.open(prepared)
  const defined = definition?.subject.open(prepared) ?? null
  try {
    return await work({ run, both: (one) => (request) => onBoth(run, defined, (each) => one(each, request)) })
  } finally {
    run.close()
    defined?.close()
  }
}

async function onBoth(
  run: Run,
  defined: Run | null,
  one: (run: Run) => Promise<Map<string, F32Tensor>>,
): Promise<Map<string, Sides>> {
  const outputs = await one(run)
  const others = defined === null ? null : await one(defined)
  const sides = [...outputs].map(([name, got]) => {
    const other = others?.get(name)
    return [name, other === undefined ? { got } : { got, defined: other }] as const
  })
  return new Map(sides)
}

/** Stages that a matrix makes from x: all else is as exact with int as without. */
const throughMatrices = new Set(['q', 'k', 'v', 'attn_out', 'gate', 'up', 'mlp_out', 'logits'])

/** The limit of a stage where activations are quantised; `limit` where that does not reach it. @param layers of a chain */
export function intLimit(stage: string, limit: Limit, layers: number | null, weights: string): Limit {
  const one = weights === 'q8' || stage.endsWith('logits') ? 0.052 : 0.026 // the head is in q8
  if (layers !== null) return { kind: 'close', by: 'rel_l2', value: one * 2 * Math.sqrt(Math.max(1, layers)) }
  return throughMatrices.has(stage) ? { kind: 'close', by: 'rel_l2', value: one } : limit
}
