// One instruction on one worker's slice: addresses are looked up, the slice is cut, a kernel is called. The slices of all
// workers together are the whole op, cut by output, so results do not depend on the number of workers.
//   at      address of the first row of the block
//   origin  where row 0 would stand: kernels that count rows from the start of the pass take this. For a value that
//           holds one block only it may lie outside the memory; the rows it is used for do not
import type { ShardMemory } from '../memory/shard-memory.ts'
import type { Frame, Instruction, Program } from '../plan/program.ts'
import type { Barrier } from './barrier.ts'

export interface Worker {
  readonly shards: readonly ShardMemory[]
  readonly index: number
  readonly threads: number
  readonly barrier: Barrier
}

/** What runs: rows [first, first + count) of a group, which has `rows` of them. */
export interface Block {
  readonly program: Program
  readonly frame: Frame
  readonly first: number
  readonly count: number
  readonly rows: number
}

/** Elements a slice of an elementwise op is a multiple of: a cache line. */
const LINE = 16

/** Units of attention and panels of a matrix that run between two looks at whether the pass was aborted. */
const UNITS = 16
const PANELS = 256

export function runStep(step: Instruction, block: Block, worker: Worker): undefined {
  const { frame, first, count, program } = block
  const { kernels } = worker.shards[step.shard]
  const { S } = frame
  const { E } = program.sizes
  const at = (value: number): number => addressOf(value, block, first)
  const origin = (value: number): number => addressOf(value, block, 0)
  const [from, to] = slice(count, worker).map((row) => row + first)
  switch (step.kind) {
    case 'gather':
      return kernels[`gather_${step.table.format}`](origin(step.out), step.table.at, origin(step.ids), step.D, from, to)
    case 'quantize':
      return kernels[`quantize_rows_${step.format}`](origin(step.out), origin(step.x), step.inner, from, to)
    case 'linear':
      return linear(step, at(step.out), at(step.x), block, worker)
    case 'addBias':
      return kernels.add_bias(origin(step.out), step.biasAt, step.cols, step.cols, from, to)
    case 'scatterAdd':
      return kernels.scatter_add(origin(step.out), origin(step.rows), origin(step.patches), S, step.D, from, to)
    case 'copy':
      return copy(step, block, worker)
    case 'rmsNorm':
      return kernels.rms_norm(origin(step.out), origin(step.x), step.weightAt, step.D, step.eps, from, to)
    case 'rope': {
      const { local } = program.values[step.out] // heads first: the block's rows are all that it has
      const address = local ? at : origin
      const rows = local ? [count, step.heads, E, from - first, to - first] : [block.rows, step.heads, E, from, to]
      return kernels.rope(address(step.out), address(step.x), address(step.cos), address(step.sin), ...rows)
    }
    case 'swiglu': {
      const [a, b] = slice(count * step.F, worker, LINE)
      return kernels.swiglu(at(step.out), at(step.gate), at(step.up), a, b)
    }
    case 'add': {
      const [a, b] = slice(count * step.D, worker, LINE)
      return kernels.add(at(step.out), at(step.a), at(step.b), a, b)
    }
    case 'topK': // one worker's: it reads no more than a row
      if (worker.index > 0) return undefined
      return kernels.top_k(at(step.out), at(step.x), step.V, step.below, step.count)
    default:
      return runAttention(step, block, worker, [from, to])
  }
}

type AttentionStep = Extract<Instruction, { readonly layer: number }>

/** Steps that touch the cache. */
function runAttention(
  step: AttentionStep,
  block: Block,
  worker: Worker,
  [from, to]: readonly [number, number],
): undefined {
  const { frame, program, first, count, rows } = block
  const at = (value: number): number => addressOf(value, block, first)
  const origin = (value: number): number => addressOf(value, block, 0)
  const { kernels } = worker.shards[step.shard]
  const { S, K, mask, window } = frame
  const { H, G, E } = program.sizes
  const half = frame.f16Cache ? '_f16' : ''
  const table = frame.pageTables[step.layer]
  const start = K - S
  /** Keys up to the last that the block may see: for the kernels its rows are a pass of their own. */
  const seen = mask === 1 ? K - rows + first + count : K
  const scratch = scratchOf(step.shard, frame, worker)
  const units = (name: 'attn_weights' | 'attn_mix' | 'attention', args: readonly number[]): undefined =>
    inPieces(slice(kernels.attention_units(count, H, G), worker), UNITS, worker, (first, end) =>
      kernels[`${name}${half}`](...args, first, end, scratch),
    )
  switch (step.kind) {
    case 'ropeToCache': {
      const args = [table, origin(step.x), origin(step.cos), origin(step.sin), start, G, E, from, to]
      return kernels[`rope_to_cache${half}`](...args, scratch)
    }
    case 'storeK':
      return kernels[`store_k${half}`](table, origin(step.x), S, start, G, E, from, to)
    case 'storeV':
      return kernels[`store_v${half}`](table, origin(step.x), start, G, E, from, to)
    case 'attnWeights': {
      const args = [at(step.out), at(step.q), table, count, seen, H, G, E, mask, window]
      return units('attn_weights', args)
    }
    case 'attnMix': {
      const args = [at(step.out), at(step.weights), table, count, seen, H, G, E]
      return units('attn_mix', args)
    }
    case 'attention': {
      const args = [at(step.out), at(step.q), table, count, seen, H, G, E, mask, window]
      return units('attention', args)
    }
    default:
      return step satisfies never
  }
}

type StepOf<Kind extends Instruction['kind']> = Extract<Instruction, { readonly kind: Kind }>

/** Panels of eight outputs are cut; one row alone has kernels of its own. */
function linear(step: StepOf<'linear'>, out: number, x: number, { count, frame }: Block, worker: Worker): undefined {
  const { kernels } = worker.shards[step.shard]
  const { format, at, inner, cols } = step.weight
  const [from, to] = slice(Math.ceil(cols / 8), worker)
  if (from === to) return undefined
  const small = format === 'q8' || format === 'q4' ? format : null
  const scratch = scratchOf(step.shard, frame, worker)
  if (count === 1) {
    const name =
      small === null || step.dots === 'exact' ? (`matvec_${format}` as const) : (`matvec_${small}_int` as const)
    return kernels[name](out, x, at, inner, from, to, scratch)
  }
  const name =
    small === null || step.dots === 'exact' ? (`matmul_${format}` as const) : (`matmul_${small}_${step.dots}` as const)
  return inPieces([from, to], PANELS, worker, (first, end) =>
    kernels[name](out, x, at, count, inner, cols, cols, first, end, scratch),
  )
}

/** Runs [from, to) `size` at a time, as long as the pass is not aborted. */
function inPieces(
  [from, to]: readonly [number, number],
  size: number,
  { barrier }: Worker,
  run: (from: number, to: number) => void,
): undefined {
  for (let at = from; at < to && !barrier.aborted; at += size) run(at, Math.min(at + size, to))
}

/** Rows from one value to another, in the same memory or the next. */
function copy(step: StepOf<'copy'>, block: Block, worker: Worker): undefined {
  const [from, to] = slice(block.count, worker)
  const source = worker.shards[block.program.values[step.x].shard]
  const bytes = step.width * 4
  const rows = source.bytes(addressOf(step.x, block, block.first) + from * bytes, (to - from) * bytes)
  worker.shards[step.shard].write(addressOf(step.out, block, block.first) + from * bytes, rows)
}

/** Where row `row` of the pass stands; row `first` for a value that holds this block only. */
function addressOf(value: number, { program, frame, first }: Block, row: number): number {
  const { register, stride, local, lastRow } = program.values[value]
  const rows = lastRow ? frame.S - 1 : local ? row - first : row
  return frame.registers[register] + rows * stride
}

function scratchOf(shard: number, { scratch }: Frame, { index }: Worker): number {
  return scratch[shard].at + index * scratch[shard].each
}

/** This worker's part of `n` units, a multiple of `step` except at the end. */
export function slice(n: number, { index, threads }: Pick<Worker, 'index' | 'threads'>, step = 1): [number, number] {
  const units = Math.ceil(n / step)
  const cut = (i: number): number => Math.min(n, Math.floor((units * i) / threads) * step)
  return [cut(index), cut(index + 1)]
}
