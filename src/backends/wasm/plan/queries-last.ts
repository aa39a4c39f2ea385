// Queries behind keys: the ops that make what attention alone reads, q and its turn, move to just before the attention. Keys
// and values of all rows are then in the cache before the first query is made, so a block of rows can go from its queries
// through attention to the end of the layer, and no pass ever holds (H, S, E) queries or (S, H * E) heads of all its rows.
// Queries norm the layer's input again: little work, and else its normed rows of the whole pass were held as well.
import { freshIds, type Graph, inputsOf, type Op, type Value } from '../../../graph/graph.ts'

export function queriesLast(graph: Graph): Graph {
  const handedOut = new Set(graph.outputs.map((name) => graph.stages.get(name)?.id))
  const uses = new Map<number, number>()
  for (const { id } of graph.ops.flatMap(inputsOf)) uses.set(id, (uses.get(id) ?? 0) + 1)
  const makers = new Map(graph.ops.map((op) => [op.out.id, op]))
  const unseen = ({ id }: Value): Op | undefined => (handedOut.has(id) ? undefined : makers.get(id))
  /** The op that makes a value which only its one reader sees. */
  const makerFor = (value: Value): Op | undefined => (uses.get(value.id) === 1 ? unseen(value) : undefined)
  const newId = freshIds(graph)

  const moved = new Set<Op>()
  const before = new Map<Op, Op[]>()
  for (const op of graph.ops) {
    const turn = op.kind === 'attention' ? makerFor(op.q) : undefined
    const made = turn?.kind === 'rope' ? makerFor(turn.input) : undefined
    if (turn === undefined || made?.kind !== 'linear') continue
    for (const each of [made, turn]) moved.add(each)
    const norm = unseen(made.input)
    if (norm?.kind === 'rmsNorm' && uses.get(norm.out.id) !== 1) {
      const out = { ...norm.out, id: newId() }
      before.set(op, [{ ...norm, out }, { ...made, input: out }, turn])
    } else before.set(op, [made, turn])
  }
  const ops = graph.ops.flatMap((op) => (moved.has(op) ? [] : [...(before.get(op) ?? []), op]))
  return { ...graph, ops }
}
