// A topK op: one dispatch picks from slices of the scores, others from what those have picked, until one slice is left.
import type { Op } from '../../../graph/graph.ts'
import { slicesOf, type TopKStage, topK } from '../kernels/top_k.ts'
import type { Lowering } from './lowering.ts'
import type { Dispatch, Source } from './plan.ts'

export function lowerTopK(op: Extract<Op, { readonly kind: 'topK' }>, { registers }: Lowering): Dispatch[] {
  const { count, below } = op
  const V = Number(op.input.shape[1])
  const made: Dispatch[] = []
  let candidates = V
  let from: TopKStage['from'] = { V, below }
  let input = registers.of(op.input)
  for (let last = false; !last; ) {
    const slices = slicesOf(candidates)
    last = slices === 1
    const output: Source = last
      ? registers.take(op.out)
      : { kind: 'register', register: registers.pinned([slices, count, 2]) }
    made.push({
      kernel: topK({ count, from, last }),
      sources: [input, output],
      grid: () => [slices, 1],
      flops: () => 0,
    })
    candidates = slices * count
    from = { pairs: candidates }
    input = output
  }
  return made
}
