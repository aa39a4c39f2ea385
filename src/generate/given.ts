// Values that replace stages are checked before anything runs: the stage must exist and the shape must be the one of
// this very pass, or an op would read past the end of what it was given.
import { SailError } from '../errors.ts'
import type { Dim, Graph } from '../graph/graph.ts'
import { type F32Tensor, sizeOf } from '../tensor.ts'

/** The run-time sizes of a pass: query tokens, keys, patches. */
export type PassSizes = Readonly<Record<'S' | 'K' | 'P', number>>

/** @throws SailError E_GRAPH_STAGE_UNKNOWN, E_GIVEN_DTYPE, E_GIVEN_SHAPE */
export function checkGiven(given: ReadonlyMap<string, F32Tensor>, graph: Graph, sizes: PassSizes): void {
  for (const [name, tensor] of given) {
    const stage = graph.stages.get(name)
    if (stage === undefined) {
      throw new SailError('E_GRAPH_STAGE_UNKNOWN', { file: 'given', place: name, expected: 'a stage of this pass' })
    }
    if (!(tensor.dtype === 'F32' && tensor.data instanceof Float32Array)) {
      throw new SailError('E_GIVEN_DTYPE', { file: 'given', place: name, expected: 'F32', found: tensor.dtype })
    }
    checkShape(
      name,
      tensor,
      stage.shape.map((dim: Dim) => (typeof dim === 'number' ? dim : sizes[dim])),
    )
  }
}

function checkShape(name: string, { shape, data }: F32Tensor, expected: readonly number[]): void {
  const same = shape.length === expected.length && shape.every((dim, i) => dim === expected[i])
  if (same && data.length === sizeOf(expected)) return
  throw new SailError('E_GIVEN_SHAPE', {
    file: 'given',
    place: name,
    expected: `(${expected.join(', ')})`,
    found: `(${shape.join(', ')}) with ${data.length} values`,
  })
}
