// A graph, op by op, to drafts of instructions. Here is decided what needs no memory or no work of its own: rope that only
// fills the cache writes there directly, scatterAdd and swiglu write over an input that nobody reads again, lastRow is a
// view, cos and sin are computed by the host.
import type { Graph, Op } from '../../../graph/graph.ts'
import type { Lowered, LowerSetup } from './draft.ts'
import { lowerAttention } from './lower-attention.ts'
import type { Rows } from './program.ts'
import { Tape } from './tape.ts'

export function lower(graph: Graph, setup: LowerSetup): Lowered {
  const tape = new Tape(graph)
  const shardOf = (op: Op): number => (op.kind === 'topK' ? tape.shardOf(op.input) : shardOfOp(op, setup))
  const quantized = new Map<string, number>()
  for (const [name, value] of graph.inputs) tape.takeInput(name, value, shardOf)
  for (const op of graph.ops) {
    lowerOp(op, { tape, setup, quantized, shard: shardOf(op) })
    tape.handOut(op.out)
  }
  return tape.finish()
}

interface Lowering {
  readonly tape: Tape
  readonly setup: LowerSetup
  readonly shard: number
  /** Rows of small integers by the value they were made of, and for which format. */
  readonly quantized: Map<string, number>
}

function shardOfOp(op: Op, { weights, shardOfLayer }: LowerSetup): number {
  if (op.layer !== null) return shardOfLayer[op.layer]
  if (op.kind === 'linear') return weights.matrices.get(op.weight.name)!.shard
  if (op.kind === 'rmsNorm') return weights.vectors.get(op.weight.name)!.shard
  return op.kind === 'lastRow' ? (shardOfLayer.at(-1) ?? 0) : 0
}

function lowerOp(op: Op, lowering: Lowering): void {
  const { tape, setup, shard } = lowering
  const rows = op.out.shape[0] as Rows
  switch (op.kind) {
    case 'gather': {
      const ids = tape.hostValue('ids', shard)
      const out = tape.newValue(op.out, shard)
      const table = setup.weights.tables.get(op.table.name)!
      tape.add({ kind: 'gather', out, ids, table, D: op.table.shape[1] }, shard, rows, [ids], [out])
      break
    }
    case 'linear':
      lowerLinear(op, lowering)
      break
    case 'scatterAdd': {
      const [x, added] = [tape.in(op.input, shard), tape.in(op.rows, shard)]
      const patches = tape.hostValue('patches', shard)
      const out = tape.isLastUse(op.input) ? tape.same(op.out, x, shard) : tape.copyOf(op.out, x, shard)
      const D = op.out.shape[1] as number
      // By patches, like the matrix that makes their rows: so no more than a block of them is held.
      tape.add({ kind: 'scatterAdd', out, rows: added, patches, D }, shard, 'P', [x, added, patches], [out])
      break
    }
    case 'rmsNorm': {
      const x = tape.in(op.input, shard)
      const out = tape.newValue(op.out, shard)
      const { at } = setup.weights.vectors.get(op.weight.name)!
      const D = op.weight.shape[0]
      tape.add({ kind: 'rmsNorm', out, x, weightAt: at, D, eps: op.eps }, shard, rows, [x], [out])
      break
    }
    case 'rotary':
      tape.takeRotary(op)
      break
    case 'swiglu': {
      const [gate, up] = [tape.in(op.gate, shard), tape.in(op.up, shard)]
      const out = tape.isLastUse(op.gate) ? tape.same(op.out, gate, shard) : tape.newValue(op.out, shard)
      tape.add({ kind: 'swiglu', out, gate, up, F: op.out.shape[1] as number }, shard, rows, [gate, up], [out])
      break
    }
    case 'add': {
      const [a, b] = [tape.in(op.a, shard), tape.in(op.b, shard)]
      const out = tape.newValue(op.out, shard)
      tape.add({ kind: 'add', out, a, b, D: op.out.shape[1] as number }, shard, rows, [a, b], [out])
      break
    }
    case 'lastRow':
      tape.newValue(op.out, shard, tape.in(op.input, shard))
      break
    case 'topK': {
      const x = tape.in(op.input, shard)
      const out = tape.newValue(op.out, shard)
      const { count, below } = op
      const V = op.input.shape[1] as number
      tape.add({ kind: 'topK', out, x, V, below, count }, shard, 1, [x], [out])
      break
    }
    default:
      lowerAttention(op, tape, shard)
  }
}

function lowerLinear(op: Extract<Op, { readonly kind: 'linear' }>, lowering: Lowering): void {
  const { tape, setup, shard } = lowering
  const weight = setup.weights.matrices.get(op.weight.name)!
  const { format, inner, cols } = weight
  const rows = op.out.shape[0] as Rows
  const dots = format === 'q8' || format === 'q4' ? setup.dots[format] : 'exact'
  const floats = tape.in(op.input, shard)
  const x = dots === 'exact' ? floats : quantize(floats, format as 'q8' | 'q4', inner, rows, lowering)
  const out = tape.newValue(op.out, shard)
  tape.add({ kind: 'linear', out, x, weight, dots }, shard, rows, [x], [out])
  if (op.bias === null) return
  const { at } = setup.weights.vectors.get(op.bias.name)!
  tape.add({ kind: 'addBias', out, biasAt: at, cols }, shard, rows, [out], [out])
}

/** The rows of x as small integers with scales, made once for all matrices of a format that x meets. */
function quantize(x: number, format: 'q8' | 'q4', inner: number, rows: Rows, lowering: Lowering): number {
  const { tape, setup, shard, quantized } = lowering
  const made = quantized.get(`${x} ${format}`)
  if (made !== undefined) return made
  const dims = [rows, setup.quantizedRowBytes(inner)]
  const out = tape.temporary({ shard, dims, elementBytes: 1, viewOf: null })
  quantized.set(`${x} ${format}`, out)
  tape.add({ kind: 'quantize', out, x, inner, format }, shard, rows, [x], [out])
  return out
}
