// Shape rules as code: an op states the shape it needs in dimension letters and in sizes, and a mismatch is an error
// that shows both: "swiglu, up: expected (S, F) = (S, 14336), found (S, 14335)". S, K and P stay letters while a graph
// is built: their values are known only when it runs.
import { SailError } from '../errors.ts'
import type { Dim } from './graph.ts'

/** @throws SailError E_GRAPH_SHAPE when `found` is not `expected`; `letters` as in 'S F'. */
export function expectShape(
  op: string,
  name: string,
  found: readonly Dim[],
  letters: string,
  expected: readonly Dim[],
): void {
  if (found.length === expected.length && found.every((dim, i) => dim === expected[i])) return
  throw new SailError('E_GRAPH_SHAPE', {
    file: op,
    place: name,
    expected: `(${letters.split(' ').join(', ')}) = ${showShape(expected)}`,
    found: showShape(found),
    hint: 'the sizes in config.json and the shapes in the checkpoint must agree',
  })
}

function showShape(shape: readonly Dim[]): string {
  return `(${shape.join(', ')})`
}
