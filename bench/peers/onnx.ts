// One matrix of a 7B, ours and onnxruntime-web's (WebAssembly, on as many threads) in turns in this process: f32, q8 and q4,
// both rounding activations for the latter two. A row of ours reads copies of the matrix, so that it comes from memory;
// onnxruntime-web has one copy.
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { measureRoofs } from '../../src/cli/bench/roofs.ts'
import type { Spread } from '../../src/cli/bench/spread.ts'
import { type Kind, matmul, matvec } from '../kernels/linear.ts'
import { Stage } from '../kernels/stage.ts'
import { inTurns, type Sample } from '../turns.ts'
import type { Flags } from './flags.ts'
import { found, places } from './install.ts'
import { type OnnxKind, onnxModel } from './onnx-model.ts'

/** In 10^9 operations a second. */
export interface OnnxRow {
  readonly kind: OnnxKind
  readonly rows: number
  readonly inner: number
  readonly cols: number
  readonly ours: Spread
  readonly onnx: Spread
  /** Ours over theirs, median over the turns. */
  readonly ratio: number
}

interface Session {
  run(feeds: object): Promise<Readonly<Record<string, { readonly data: Float32Array }>>>
  release(): Promise<void>
}

interface Library {
  readonly env: { readonly wasm: { numThreads: number } }
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<Session> }
  readonly Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => object
}

const [THREADS, SECONDS] = [2, 0.5]
/** Of a sample at least. */
const SAMPLE_SECONDS = 0.05
/** Threads of onnxruntime spin for a while after a run, which ours must not pay for. */
const REST_MS = 50
const kernels: Readonly<Record<OnnxKind, Kind>> = { f32: 'f32', q8: 'q8_int', q4: 'q4_int' }

export async function onnx({ shape, rows }: Flags): Promise<{ rows: OnnxRow[] }> {
  if (!found(places.onnx, 'onnxruntime-web')) return { rows: [] }
  const file = pathToFileURL(join(places.onnx, 'dist', 'ort.node.min.mjs')).href
  const library = (await import(file)) as Library
  library.env.wasm.numThreads = THREADS
  const stage = await Stage.open('relaxed', THREADS, await measureRoofs('relaxed', THREADS), SECONDS)
  const [inner, cols] = shape.split('x').map(Number)
  const list: OnnxRow[] = []
  for (const kind of ['f32', 'q8', 'q4'] as const) {
    const { bytes, first } = onnxModel(kind, inner, cols)
    const session = await library.InferenceSession.create(bytes, {})
    for (const count of rows.split(',').map(Number)) {
      const row = await compare(stage, library, { session, first }, { kind, rows: count, inner, cols })
      console.error(`${kind} ${count} x ${inner} x ${cols}: ${row.ratio.toPrecision(3)} x onnxruntime-web`)
      list.push(row)
    }
    await session.release()
  }
  await stage.team.close()
  return { rows: list }
}

interface Loaded {
  readonly session: Session
  readonly first: number
}

async function compare(
  stage: Stage,
  library: Library,
  model: Loaded,
  size: Pick<OnnxRow, 'kind' | 'rows' | 'inner' | 'cols'>,
): Promise<OnnxRow> {
  const { kind, rows, inner, cols } = size
  const mark = stage.mark()
  const { job, check } = (rows === 1 ? matvec : matmul)(stage, kernels[kind], size)
  const reads = rows === 1 ? job.calls[0].length : 1
  const mine = await stage.sample({ ...job, amount: 2 * rows * inner * cols * reads })
  const theirs = await sampleOf(library, model, size)
  const { base, rate, ratio } = await inTurns(theirs, mine, SECONDS)
  check()
  stage.freeTo(mark)
  return { ...size, ours: rate, onnx: base, ratio: ratio.median }
}

async function sampleOf(
  { Tensor }: Library,
  { session, first }: Loaded,
  { rows, inner, cols }: Pick<OnnxRow, 'rows' | 'inner' | 'cols'>,
): Promise<Sample> {
  const x = new Tensor('float32', new Float32Array(rows * inner).fill(1), [rows, inner])
  const once = async (): Promise<Float32Array> => (await session.run({ x })).y.data
  const y = await once()
  const wrong = Math.abs(y[0] - first)
  if (y.length !== rows * cols || !(wrong < 0.01 * Math.sqrt(inner)))
    throw new Error(`onnxruntime-web gave ${y.length} values, the first is ${y[0]}, not ${first}`)
  return async () => {
    const start = performance.now()
    let runs = 0
    let seconds = 0
    for (; seconds < SAMPLE_SECONDS; seconds = (performance.now() - start) / 1000) {
      await once()
      runs++
    }
    await setTimeout(REST_MS)
    return (2 * rows * inner * cols * runs) / 1e9 / seconds
  }
}
