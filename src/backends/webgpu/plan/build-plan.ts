// From a graph to a plan: fuse attention, place what the host writes, lower op by op.
import { fuseAttention } from '../../../graph/fuse.ts'
import { type Graph, inputsOf, type Op, type Value } from '../../../graph/graph.ts'
import type { Float } from '../kernels/kernel.ts'
import { halfValues } from './half-values.ts'
import { lower, register } from './lower.ts'
import type { Lowering } from './lowering.ts'
import type { HostInput, Output, Plan, Step } from './plan.ts'
import { Registers } from './registers.ts'

type Setup = Pick<Lowering, 'weights' | 'tuning' | 'single' | 'kv'> & { readonly activations: Float }

export function buildPlan(whole: Graph, { activations, ...setup }: Setup): Plan {
  const graph = fuseAttention(whole)
  const { ops, stages, outputs } = graph
  const registers = new Registers(graph, activations === 'f16' ? halfValues(whole) : new Set())
  const inputs: HostInput[] = []
  const [ids, patches] = [registers.pinned(['S']), registers.pinned(['S'])]
  if (ops.some(({ kind }) => kind === 'gather')) inputs.push({ kind: 'ids', register: ids })
  if (ops.some(({ kind }) => kind === 'scatterAdd')) inputs.push({ kind: 'patches', register: patches })
  for (const [name, value] of graph.inputs) {
    const type = registers.typeOf(value)
    inputs.push({ kind: 'given', name, type, register: pin(value, registers) })
  }
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
    const handed = named.map(
      (name): Output => ({ name, source: registers.of(op.out), shape: op.out.shape, type: registers.typeOf(op.out) }),
    )
    registers.after(i, [op.out, ...inputsOf(op)], kept)
    return { name: nameOf(op, graph), op, dispatches, outputs: handed }
  })
  const givenBack = outputs.filter((name) => given.has(stages.get(name)!.id))
  const guarded = steps.some(({ dispatches }) => dispatches.some(({ kernel }) => kernel.guarded))
  return { steps, inputs, registers: registers.held, guarded, givenBack }
}

function nameOf(op: Op, { stages }: Graph): string {
  const { id } = op.kind === 'cache' ? op.input : op.out
  return [...stages].find(([, value]) => value.id === id)?.[0] ?? op.kind
}

function pin(value: Value, registers: Registers): number {
  const number = registers.pinned(value.shape, registers.typeOf(value))
  registers.place(value, register(number))
  return number
}
