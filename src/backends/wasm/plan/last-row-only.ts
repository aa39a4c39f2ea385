// Who asks for the scores of the next token reads one row of the last layer: its queries, attention and MLP are computed for
// that row alone, which saves all of a layer but its keys and values. `lastRow` moves up from the head through every op
// whose rows do not depend on each other; attention is one of them, since what its row looks at stands in the cache.
import { freshIds, type Graph, inputsOf, type Op, type Value } from '../../../graph/graph.ts'

export function lastRowOnly(graph: Graph): Graph {
  const narrow = narrowOps(graph)
  const rows = new Map<number, Value>()
  const newId = freshIds(graph)
  const ops: Op[] = []
  /** The last row of a value: what its narrow maker gives, or cut from all rows. */
  const rowOf = (value: Value): Value => {
    const known = rows.get(value.id)
    if (known !== undefined) return known
    const out = { id: newId(), shape: oneRow(value.shape) }
    ops.push({ kind: 'lastRow', input: value, out, layer: null })
    rows.set(value.id, out)
    return out
  }
  /** What a lastRow of the graph gives, by its id. */
  const cut = new Map<number, Value>()
  for (const op of graph.ops) {
    if (op.kind === 'lastRow') cut.set(op.out.id, rowOf(op.input))
    else if (narrow.has(op)) {
      const out = { ...op.out, shape: oneRow(op.out.shape) }
      rows.set(op.out.id, out)
      ops.push({ ...withInputs(op, rowOf), out })
    } else ops.push(withInputs(op, (value) => cut.get(value.id) ?? value))
  }
  return { ...graph, ops }
}

/** Ops of which nobody needs more than the last row. */
function narrowOps(graph: Graph): Set<Op> {
  const whole = new Set(graph.outputs.map((name) => graph.stages.get(name)!.id))
  const narrow = new Set<Op>()
  for (const op of graph.ops.toReversed()) {
    if (op.kind === 'lastRow') continue
    if (!whole.has(op.out.id) && keepsRowsApart(op, whole)) narrow.add(op)
    const needed = op.kind === 'attention' ? [op.keys, op.values] : []
    for (const { id } of narrow.has(op) ? needed : inputsOf(op)) whole.add(id)
  }
  return narrow
}

function keepsRowsApart(op: Op, whole: ReadonlySet<number>): boolean {
  if (op.out.shape.every((dim) => dim !== 'S')) return false
  if (op.kind === 'attention') return !whole.has(op.q.id) // queries of all heads have no last row that lies together
  return ['rmsNorm', 'linear', 'swiglu', 'add', 'rope'].includes(op.kind)
}

/** The same op on other values; keys and values of attention stay. */
function withInputs(op: Op, of: (value: Value) => Value): Op {
  switch (op.kind) {
    case 'rmsNorm':
    case 'linear':
    case 'topK':
      return { ...op, input: of(op.input) }
    case 'swiglu':
      return { ...op, gate: of(op.gate), up: of(op.up) }
    case 'add':
      return { ...op, a: of(op.a), b: of(op.b) }
    case 'rope':
      return { ...op, input: of(op.input), cos: of(op.cos), sin: of(op.sin) }
    case 'attention':
      return { ...op, q: of(op.q) }
    default:
      return op
  }
}

const oneRow = (shape: Value['shape']): Value['shape'] => shape.map((dim) => (dim === 'S' ? 1 : dim))
