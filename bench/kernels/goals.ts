// What is asked of the kernels, from one result of them: the relaxed build's, with the strict build's figures beside it.
import { type Goal, goal } from '../goal.ts'
import type { Results } from '../results.ts'
import { type KernelResult, OF_F32, second } from './rows.ts'

export function kernelGoals({ relaxed, strict, node20 }: Results): Goal[] {
  const beside = { strict: goalsOf(strict), node20: goalsOf(node20) }
  const reached = (list: readonly Goal[], what: string): number | undefined =>
    list.find((each) => each.what === what)?.reached
  return goalsOf(relaxed).map((each) => {
    const [a, b] = [reached(beside.strict, each.what), reached(beside.node20, each.what)]
    return { ...each, ...(a !== undefined && { strict: a }), ...(b !== undefined && { node20: b }) }
  })
}

function goalsOf(result: KernelResult | undefined): Goal[] {
  const percent = (part: number | undefined): number | undefined => part && part * 100
  const share = (kernel: RegExp, rows: number): number | undefined => percent(middle(result, kernel, rows))
  const read = (kind: string): Goal[] =>
    goal(`matvec from memory, ${kind}, of reading`, '%', share(new RegExp(`^matvec_${kind}(_int)?$`), 1), [85, 95])
  const [square, attention] = [ratio(result, 'matmul_q4_int', OF_F32), ratio(result, 'attention', OF_F32)]
  return [
    ...goal('f32 matmul, 1,024 rows, of multiply-add', '%', share(/^matmul_f32$/, 1024), [85, 92]),
    ...goal('q4 matmul, integers, of our f32', 'x', square, [2.2, 2.8]),
    ...goal('q8 matmul, integers, of its dot', '%', share(/^matmul_q8_(int|fused)$/, 1024), [80, 90]),
    ...['bf16', 'q8', 'q4'].flatMap(read),
    ...goal('attention, 1,024 patches, of our f32 matmul', '%', percent(attention), [60, 80]),
    ...(['f32', 'q8_int', 'q4_int'] as const).flatMap((kind) =>
      goal(`second thread, ${kind.split('_')[0]} matmul`, 'x', ratio(result, second(kind)), [1.85, 1.95]),
    ),
  ]
}

/** Of each shape the kernel of this kind that is fastest, then the shape in the middle, the lower of two. */
function middle(result: KernelResult | undefined, kernel: RegExp, count: number): number | undefined {
  const shapes = new Map<string, { rate: number; share: number }>()
  for (const { kernel: name, rows, inner, cols, rate, share } of result?.rows ?? []) {
    const best = shapes.get(`${inner} ${cols}`)
    if (!kernel.test(name) || rows !== count || (best !== undefined && best.rate > rate.median)) continue
    shapes.set(`${inner} ${cols}`, { rate: rate.median, share })
  }
  const sorted = [...shapes.values()].map(({ share }) => share).sort((a, b) => a - b)
  return sorted[(sorted.length - 1) >> 1]
}

function ratio(result: KernelResult | undefined, what: string, against?: string): number | undefined {
  const found = result?.comparisons.find(
    (each) => each.what === what && (against === undefined || each.against === against),
  )
  return found?.ratio
}
