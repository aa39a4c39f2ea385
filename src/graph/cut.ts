// Stages out, values in: the part of a graph that computes the wanted stages from the given ones. A given stage becomes
// an input, so whatever only led to it is not computed; that is how a check feeds golden values to one op on any backend,
// and how a student patches an activation. Filling the key/value cache is an effect, kept only when asked for.
import { SailError } from '../errors.ts'
import { type Graph, inputsOf, type Value } from './graph.ts'

export interface Cut {
  /** Stages that a run hands back. */
  readonly outputs: readonly string[]
  /** Stages that a run is given instead of computing them; each becomes an input, needed or not. */
  readonly given?: readonly string[]
  /** Whether the cache must be filled for the tokens of the pass, as a pass that others follow needs. Default true. */
  readonly effects?: boolean
}

/** @throws SailError E_GRAPH_STAGE_UNKNOWN for a name that is no stage of the graph. */
export function cutGraph(graph: Graph, { outputs, given = [], effects = true }: Cut): Graph {
  const givenValues = new Map(given.map((name) => [name, stageOf(graph, name)]))
  const givenIds = new Set([...givenValues.values()].map(({ id }) => id))
  const needed = new Set(outputs.map((name) => stageOf(graph, name).id))

  const ops = graph.ops.toReversed().filter((op) => {
    if (givenIds.has(op.out.id)) return false
    if (!needed.has(op.out.id) && !(effects && op.kind === 'cache')) return false
    for (const value of inputsOf(op)) needed.add(value.id)
    return true
  })
  ops.reverse()

  const inputs = new Map([...[...graph.inputs].filter(([, { id }]) => needed.has(id)), ...givenValues])
  const alive = new Set([...ops.map((op) => op.out.id), ...[...inputs.values()].map(({ id }) => id)])
  const stages = new Map([...graph.stages].filter(([, { id }]) => alive.has(id)))
  return { ops, inputs, stages, outputs: [...outputs], sizes: graph.sizes }
}

function stageOf(graph: Graph, name: string): Value {
  const value = graph.stages.get(name)
  if (value !== undefined) return value
  throw new SailError('E_GRAPH_STAGE_UNKNOWN', {
    file: 'cutGraph',
    place: name,
    expected: `one of the ${graph.stages.size} stages of this pass, such as 'embed' or 'layers.0.q_rope'`,
    hint: 'stage names are those of src/graph/stages.ts, without the name of the pass',
  })
}
