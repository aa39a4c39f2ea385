// A linear op: matvec for one row, tiles for more, one dispatch a part of the matrix.
import type { Dim, Op, PassSizes } from '../../../graph/graph.ts'
import { matmul, TILE_COLS } from '../kernels/matmul.ts'
import { GRID, matvec } from '../kernels/matvec.ts'
import type { Lowering } from './lowering.ts'
import type { Dispatch, Source } from './plan.ts'

export function lowerLinear(op: Extract<Op, { readonly kind: 'linear' }>, lowering: Lowering): Dispatch[] {
  const { registers, weights, tuning, single } = lowering
  const { format, inner, parts } = weights.matrices.get(op.weight.name)!
  const rows = op.out.shape[0]
  const x = registers.of(op.input)
  const bias: Source[] = op.bias === null ? [] : [weight(weights.vectors.get(op.bias.name)!)]
  const out = registers.take(op.out)
  const types = { x: registers.typeOf(op.input), y: registers.typeOf(op.out) }
  const variant = { format, whole: inner % 4 === 0, bias: bias.length > 0, ...types }
  return parts.map(({ buffer, shape, count }) => {
    const sources = [weight(shape), x, weight(buffer), ...bias, out]
    const panels = Math.ceil(count / 8)
    if (rows === 1 || (rows === 'S' && single))
      return {
        kernel: matvec(variant, tuning.matvecThreads, tuning.subgroups),
        sources,
        grid: () => [Math.min(panels, GRID), Math.ceil(panels / GRID)],
        flops: () => 2 * inner * count,
      }
    return {
      kernel: matmul(variant, rows === 'P' ? 'P' : 'S', tuning.tile),
      sources,
      grid: (sizes) => [Math.ceil(count / TILE_COLS), Math.ceil(rowsOf(rows, sizes) / tuning.tile.rows)],
      flops: (sizes) => 2 * inner * count * rowsOf(rows, sizes),
    }
  })
}

function weight(buffer: GPUBuffer): Source {
  return { kind: 'weight', buffer }
}

function rowsOf(rows: Dim, sizes: PassSizes): number {
  return typeof rows === 'number' ? rows : sizes[rows]
}
