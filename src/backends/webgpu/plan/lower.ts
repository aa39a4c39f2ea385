// One op of the graph as dispatches: which kernel, which buffers, how many workgroups.
import type { Op, PassSizes } from '../../../graph/graph.ts'
import { add } from '../kernels/add.ts'
import { attention } from '../kernels/attention.ts'
import { attnMix } from '../kernels/attn_mix.ts'
import { attnWeights } from '../kernels/attn_weights.ts'
import { gather } from '../kernels/gather.ts'
import { type Kernel, WORKGROUP } from '../kernels/kernel.ts'
import { lastRow } from '../kernels/last_row.ts'
import { rmsNorm } from '../kernels/rms_norm.ts'
import { rope } from '../kernels/rope.ts'
import { scatterAdd } from '../kernels/scatter_add.ts'
import { storeKv } from '../kernels/store_kv.ts'
import { swiglu } from '../kernels/swiglu.ts'
import { lowerLinear } from './lower-linear.ts'
import { lowerTopK } from './lower-top-k.ts'
import type { Lowering } from './lowering.ts'
import type { Dispatch, Source } from './plan.ts'

export function lower(op: Op, lowering: Lowering): Dispatch[] {
  const { registers, weights, sizes, kv, ids, patches } = lowering
  const { G, E } = sizes
  const of = registers.of.bind(registers)
  const type = registers.typeOf(op.out)
  switch (op.kind) {
    case 'rotary':
      return []
    case 'linear':
      return lowerLinear(op, lowering)
    case 'gather': {
      const [, D] = op.table.shape
      const { format, parts } = weights.tables.get(op.table.name)!
      const out = registers.take(op.out)
      return parts.map(({ buffer, first, count }) =>
        elements(gather(format, { D, first, rows: count }), [{ kind: 'weight', buffer }, register(ids), out], D),
      )
    }
    case 'scatterAdd': {
      const D = width(op.out.shape)
      const inputs = [of(op.input), of(op.rows), register(patches)]
      return [elements(scatterAdd(D), [...inputs, registers.take(op.out)], D)]
    }
    case 'rmsNorm': {
      const weight = { kind: 'weight', buffer: weights.vectors.get(op.weight.name)! } as const
      const kernel = rmsNorm(op.weight.shape[0], op.eps, type)
      const rows = op.out.shape[0]
      return [
        dispatch(kernel, [of(op.input), weight, registers.take(op.out)], (s) => [rows === 'S' ? s.S : Number(rows), 1]),
      ]
    }
    case 'rope': {
      const inputs = [of(op.input), of(op.cos), of(op.sin)]
      return [elements(rope(op.heads, E, type), [...inputs, registers.take(op.out)], op.heads * E)]
    }
    case 'cache': {
      const rows = registers.place(op.out, { kind: 'cache', layer: op.layer ?? 0, part: op.part })
      return [
        elements(
          storeKv(op.part, G, E, kv, registers.typeOf(op.input)),
          [of(op.input), rows],
          kv === 'f16' ? (G * E) / 2 : G * E,
        ),
      ]
    }
    case 'swiglu': {
      const F = width(op.out.shape)
      const inputs = [of(op.gate), of(op.up)]
      return [elements(swiglu(F, type), [...inputs, registers.take(op.out)], F)]
    }
    case 'add': {
      const D = width(op.out.shape)
      const inputs = [of(op.a), of(op.b)]
      return [elements(add(D), [...inputs, registers.take(op.out)], D)]
    }
    case 'lastRow': {
      const D = width(op.out.shape)
      const grid = [Math.ceil(D / WORKGROUP), 1] as const
      return [dispatch(lastRow(D, type), [of(op.input), registers.take(op.out)], () => grid)]
    }
    case 'topK':
      return lowerTopK(op, lowering)
    default:
      return lowerAttention(op, lowering)
  }
}

function lowerAttention(
  op: Extract<Op, { readonly kind: 'attnWeights' | 'attnMix' | 'attention' }>,
  { registers, sizes, kv, single, tuning }: Lowering,
): Dispatch[] {
  const { H, E } = sizes
  const of = registers.of.bind(registers)
  const out = registers.typeOf(op.out)
  const flops = ({ S, K }: PassSizes): number => 2 * H * E * S * K
  if (op.kind === 'attnMix') {
    const inputs = [of(op.weights), of(op.values)]
    return [{ ...elements(attnMix(sizes, { kv, out }), [...inputs, registers.take(op.out)], H * E), flops }]
  }
  const inputs = [of(op.q), of(op.keys)]
  const q = registers.typeOf(op.q)
  if (op.kind === 'attnWeights')
    return [
      { ...dispatch(attnWeights(sizes, { kv, q }), [...inputs, registers.take(op.out)], ({ S }) => [S, H]), flops },
    ]
  const rows = single ? 1 : tuning.attentionRows
  const sources = [...inputs, of(op.values), registers.take(op.out)]
  return [
    {
      ...dispatch(attention(sizes, rows, { kv, q, out }), sources, ({ S }) => [Math.ceil(S / rows), H]),
      flops: (s) => 2 * flops(s),
    },
  ]
}

export function register(n: number): Source {
  return { kind: 'register', register: n }
}

export function dispatch(kernel: Kernel, sources: readonly Source[], grid: Dispatch['grid']): Dispatch {
  return { kernel, sources, grid, flops: () => 0 }
}

/** One thread an element, a row of S along y. */
function elements(kernel: Kernel, sources: readonly Source[], columns: number): Dispatch {
  return dispatch(kernel, sources, ({ S }) => [Math.ceil(columns / WORKGROUP), S])
}

function width(shape: Op['out']['shape']): number {
  return Number(shape[1])
}
