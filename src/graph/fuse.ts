// attnWeights followed by attnMix, with nobody looking at the weights between them, is one streaming attention: the
// (H, S, K) weights, 54 GB in the largest pass of a 7B model, are then never held. Backends fuse when they plan a graph;
// a graph that hands the weights out, or is given them, stays as it is.
import { type AttnWeightsOp, type Graph, inputsOf, type Op } from './graph.ts'

export function fuseAttention(graph: Graph): Graph {
  const seen = new Set(graph.outputs.map((name) => graph.stages.get(name)?.id))
  const uses = new Map<number, number>()
  for (const { id } of graph.ops.flatMap(inputsOf)) uses.set(id, (uses.get(id) ?? 0) + 1)

  const hidden = new Map<number, AttnWeightsOp>()
  for (const op of graph.ops)
    if (op.kind === 'attnWeights' && !seen.has(op.out.id) && uses.get(op.out.id) === 1) hidden.set(op.out.id, op)
  const fused = graph.ops.flatMap((op): Op[] => {
    if (op.kind === 'attnMix' && hidden.has(op.weights.id)) {
      const { q, keys } = hidden.get(op.weights.id)!
      return [{ kind: 'attention', q, keys, values: op.values, out: op.out, layer: op.layer }]
    }
    return hidden.has(op.out.id) ? [] : [op]
  })
  // Only an attnMix reads weights, so a single use is always one that was replaced above.
  const stages = new Map([...graph.stages].filter(([, { id }]) => !hidden.has(id)))
  return { ...graph, ops: fused, stages }
}
