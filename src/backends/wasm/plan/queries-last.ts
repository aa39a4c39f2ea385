// Queries behind keys: the ops that make what attention alone reads, q and its turn, move to just before the attention. Keys
// and values of all rows are then in the cache before the first query is made, so a block of rows can go from its queries
// through attention to the end of the layer, and no pass ever holds (H, S, E) queries or (S, H * E) heads of all its rows.
import { type Graph, inputsOf, type Op, type Value } from '../../../graph/graph.ts'

export function queriesLast(graph: Graph): Graph {
  const handedOut = new Set(graph.outputs.map((name) => graph.stages.get(name)?.id))
  const uses = new Map<number, number>()
  for (const { id } of graph.ops.flatMap(inputsOf)) uses.set(id, (uses.get(id) ?? 0) + 1)
  const makers = new Map(graph.ops.map((op) => [op.out.id, op]))
  /** The op that makes a value which only its one reader sees. */
  const makerFor = ({ id }: Value): Op | undefined =>
    uses.get(id) === 1 && !handedOut.has(id) ? makers.get(id) : undefined

  const before = new Map<Op, Op[]>()
  for (const op of graph.ops) {
    if (op.kind !== 'attention') continue
    const turn = makerFor(op.q)
    if (turn?.kind !== 'rope') continue
    const made = makerFor(turn.input)
    before.set(op, made === undefined ? [turn] : [made, turn])
  }
  const moved = new Set([...before.values()].flat())
  const ops = graph.ops.flatMap((op) => (moved.has(op) ? [] : [...(before.get(op) ?? []), op]))
  return { ...graph, ops }
}
