// A linear op: matvec for one row, tiles for more, one dispatch a part of the matrix.
import type { Op } from '../../../graph/graph.ts'
import type { Rows } from '../kernels/kernel.ts'
import { matmul, TILE_COLS } from '../kernels/matmul.ts'
import { GRID, matvec } from '../kernels/matvec.ts'
import type { Lowering } from './lower.ts'
import type { Dispatch, Source } from './plan.ts'

export function lowerLinear(op: Extract<Op, { readonly kind: 'linear' }>, lowering: Lowering): Dispatch[] {
  const { registers, weights, tuning, single } = lowering
  const { format, inner, cols, parts } = weights.matrices.get(op.weight.name)!
  const rows = op.out.shape[0] as Rows
  const one = rows === 1 || (rows === 'S' && single)
  const x = registers.of(op.input)
  const bias: Source[] = op.bias === null ? [] : [{ kind: 'weight', buffer: weights.vectors.get(op.bias.name)! }]
  const out = registers.take(op.out)
  return parts.map(({ buffer, first, count }) => {
    const shape = { format, inner, cols: count, first, allCols: cols, bias: bias.length > 0 }
    const sources: Source[] = [x, { kind: 'weight', buffer }, ...bias, out]
    const panels = Math.ceil(count / 8)
    if (one)
      return {
        kernel: matvec(shape, tuning.matvecThreads, tuning.subgroups),
        sources,
        grid: () => [Math.min(panels, GRID), Math.ceil(panels / GRID)],
        flops: () => 2 * inner * count,
      }
    return {
      kernel: matmul(shape, rows, tuning.tileRows),
      sources,
      grid: (sizes) => [Math.ceil(count / TILE_COLS), Math.ceil(rowsOf(rows, sizes) / tuning.tileRows)],
      flops: (sizes) => 2 * inner * count * rowsOf(rows, sizes),
    }
  })
}

function rowsOf(rows: Rows, sizes: Parameters<Dispatch['flops']>[0]): number {
  return typeof rows === 'number' ? rows : sizes[rows]
}
