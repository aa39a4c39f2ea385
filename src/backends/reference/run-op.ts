// One op of the graph becomes one call of its loops in ops/: values are looked up by id, the result's memory is taken.
import {
  type AttentionOp,
  type AttnMixOp,
  type AttnWeightsOp,
  type Op,
  type PassSizes,
  resolveShape,
  type Value,
  type Weight,
} from '../../graph/graph.ts'
import { sizeOf } from '../../tensor.ts'
import type { Pass } from '../backend.ts'
import type { ReferenceCache } from './kv-cache.ts'
import type { Numerics } from './numerics.ts'
import { attention, attnMix, attnWeights } from './ops/attention.ts'
import { add, swiglu } from './ops/elementwise.ts'
import { gather, lastRow, scatterAdd } from './ops/embedding.ts'
import { linear } from './ops/linear.ts'
import { rmsNorm } from './ops/rms-norm.ts'
import { rope, rotary } from './ops/rope.ts'
import { topK } from './ops/top-k.ts'
import { type StoredWeight, vectorOf } from './stored-weight.ts'
import type { Work } from './work.ts'

/** All that ops read while one pass runs. */
export interface Frame {
  readonly pass: Pass
  readonly sizes: PassSizes
  readonly cache: ReferenceCache
  readonly weights: ReadonlyMap<string, StoredWeight>
  readonly numerics: Numerics
  /** Values that exist now, by id. */
  readonly values: Map<number, Float32Array>
}

/** Starts an op: takes memory for its result, files it in the frame and returns the work that fills it. */
export function startOp(op: Op, frame: Frame): Work {
  const { values, cache, sizes } = frame
  if (op.kind === 'cache') {
    const rows = cache.append(op.layer ?? 0, op.part, arrayOf(frame, op.input), sizes.S)
    values.set(op.out.id, rows)
    return done()
  }
  const out = new Float32Array(sizeOf(resolveShape(op.out.shape, sizes)))
  values.set(op.out.id, out)
  return fill(op, out, frame)
}

function fill(op: Exclude<Op, { kind: 'cache' }>, out: Float32Array, frame: Frame): Work {
  const { pass, sizes, numerics } = frame
  const value = (v: Value): Float32Array => arrayOf(frame, v)
  switch (op.kind) {
    case 'gather':
      return gather(out, pass.ids, weightOf(frame, op.table))
    case 'linear': {
      const bias = op.bias === null ? null : vectorOf(weightOf(frame, op.bias))
      return linear(out, value(op.input), weightOf(frame, op.weight), bias, numerics)
    }
    case 'scatterAdd':
      return scatterAdd(out, value(op.input), value(op.rows), pass.patchIndices ?? new Int32Array(0), numerics)
    case 'rmsNorm':
      return rmsNorm(out, value(op.input), vectorOf(weightOf(frame, op.weight)), op.eps, numerics)
    case 'rotary':
      return rotary(out, op.part, pass.positions, op.theta, op.sections, numerics)
    case 'rope':
      return rope(out, value(op.input), value(op.cos), value(op.sin), sizes.S, op.heads, numerics)
    case 'attnWeights':
    case 'attnMix':
    case 'attention':
      return fillAttention(op, out, frame)
    case 'swiglu':
      return swiglu(out, value(op.gate), value(op.up), numerics)
    case 'add':
      return add(out, value(op.a), value(op.b), numerics)
    case 'lastRow':
      return lastRow(out, value(op.input))
    case 'topK':
      return topK(out, value(op.input), op)
    default:
      return op satisfies never
  }
}

function fillAttention(op: AttnWeightsOp | AttnMixOp | AttentionOp, out: Float32Array, frame: Frame): Work {
  const { pass, numerics } = frame
  const { H, G, E } = pass.graph.sizes
  const sizes = { ...frame.sizes, H, G, E }
  const value = (v: Value): Float32Array => arrayOf(frame, v)
  if (op.kind === 'attnWeights') return attnWeights(out, value(op.q), value(op.keys), pass.mask, sizes, numerics)
  if (op.kind === 'attnMix') return attnMix(out, value(op.weights), value(op.values), sizes, numerics)
  return attention(out, value(op.q), value(op.keys), value(op.values), pass.mask, sizes, numerics)
}

// Graphs are built and cut so that an op's inputs come before it, and loadWeights has read every weight of the model.
function arrayOf({ values }: Frame, { id }: Value): Float32Array {
  return values.get(id)!
}

function weightOf({ weights }: Frame, { name }: Weight): StoredWeight {
  return weights.get(name)!
}

function* done(): Work {}
