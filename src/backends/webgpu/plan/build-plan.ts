// From a graph to a plan: fuse attention, place what the host writes, lower op by op.
import { fuseAttention } from '../../../graph/fuse.ts'
import { type Graph, inputsOf, type Value } from '../../../graph/graph.ts'
import { lower, register } from './lower.ts'
import type { Lowering } from './lowering.ts'
import type { HostInput, Output, Plan, Step } from './plan.ts'
import { Registers } from './registers.ts'

export function buildPlan(whole: Graph, setup: Pick<Lowering, 'weights' | 'tuning' | 'single'>): Plan {
  const graph = fuseAttention(whole)
  const { ops, stages, outputs } = graph
  const registers = new Registers(graph)
  const inputs: HostInput[] = []
  const [ids, patches] = [registers.pinned(['S']), registers.pinned(['S'])]
  if (ops.some(({ kind }) => kind === 'gather')) inputs.push({ kind: 'ids', register: ids })
  if (ops.some(({ kind }) => kind === 'scatterAdd')) inputs.push({ kind: 'patches', register: patches })
  for (const [name, value] of graph.inputs) inputs.push({ kind: 'given', name, register: pin(value, registers) })
  for (const op of ops)
    if (op.kind === 'rotary') {
      const { part, theta, sections } = op
      inputs.push({ kind: 'rotary', part, theta, sections, register: pin(op.out, registers) })
    }
  const kept = new Set([ids, patches, ...inputs.map((input) => input.register)])
  const lowering: Lowering = { ...setup, sizes: graph.sizes, registers, ids, patches }

  const given = new Set([...graph.inputs.values()].map(({ id }) => id))
  const steps = ops.map((op, i): Step => {
    const dispatches = lower(op, lowering)
    const named = outputs.filter((name) => stages.get(name)!.id === op.out.id)
    const handed = named.map((name): Output => ({ name, source: registers.of(op.out), shape: op.out.shape }))
    registers.after(i, [op.out, ...inputsOf(op)], kept)
    return { op, dispatches, outputs: handed }
  })
  const givenBack = outputs.filter((name) => given.has(stages.get(name)!.id))
  return { steps, inputs, registers: registers.shapes, givenBack }
}

function pin(value: Value, registers: Registers): number {
  const number = registers.pinned(value.shape)
  registers.place(value, register(number))
  return number
}
