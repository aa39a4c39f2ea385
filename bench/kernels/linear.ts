// Matrix kernels on the shapes of a 7B, every one checked against plain sums before its figure counts. Many rows: 2
// operations a product, held to the instruction that the kernel lives on. One row: bytes of weights, held to reading; copies
// of the matrix are walked one after the other, so that they come from memory.
import type { Call } from '../../src/cli/bench/kernel-team.ts'
import type { RoofName } from '../../src/cli/bench/roofs.ts'
import type { Row } from './rows.ts'
import { type Job, STREAM, type Stage } from './stage.ts'

/** As stored, and `int` with rounded activations. */
export const KINDS = ['f32', 'bf16', 'q8_int', 'q4_int', 'q8', 'q4'] as const
/** `fused`: the other instruction that the relaxed build can take for rounded activations, where a CPU has it fast. */
export type Kind = (typeof KINDS)[number] | 'q8_fused' | 'q4_fused'

export interface LinearSize {
  readonly rows: number
  readonly inner: number
  readonly cols: number
}

/** The kernel against its roof; null where there is no such kernel: one row and the strict build have no fused one. */
export async function linear(stage: Stage, kind: Kind, size: LinearSize): Promise<Row | null> {
  if (kind.endsWith('fused') && (size.rows === 1 || stage.build === 'strict')) return null
  const mark = stage.mark()
  try {
    return await measured(stage, kind, size)
  } finally {
    stage.freeTo(mark)
  }
}

async function measured(stage: Stage, kind: Kind, size: LinearSize): Promise<Row> {
  const many = size.rows > 1
  const { job, check } = many ? matmul(stage, kind, size) : matvec(stage, kind, size)
  const roof: RoofName = many ? roofOf(kind, stage.build) : 'read'
  const base = roof === 'read' ? stage.readRoof(job.amount) : stage.computeRoof(roof, job.amount)
  const turns = await stage.turns(base, job)
  check()
  const result = { rate: turns.rate, roof, roof_rate: turns.base, share: turns.ratio.median }
  return { kernel: `${many ? 'matmul' : 'matvec'}_${kind}`, ...size, unit: many ? 'GOP/s' : 'GB/s', ...result }
}

interface Checked {
  readonly job: Job
  readonly check: () => void
}

interface Options {
  /** Fewer than the team has: the others are idle. */
  readonly threads?: number
  /** Where the weights go. */
  readonly at?: number
}

/** The bytes of the packed matrix. */
export function matrixBytes(stage: Stage, kind: Kind, { inner, cols }: LinearSize): number {
  return (padded(cols) / 8) * stage.kernels[`panel_bytes_${formatOf(kind)}`](inner)
}

export function matmul(stage: Stage, kind: Kind, size: LinearSize, options: Options = {}): Checked {
  const { rows, inner, cols } = size
  const { threads = stage.team.threads, at = stage.region } = options
  const source = weights(stage, kind, size, at, 1)
  const { x, values } = input(stage, kind, size)
  const out = stage.take(rows * padded(cols) * 4)
  const scratch = stage.each(() => stage.take(stage.kernels.matmul_scratch_bytes()))
  const calls = (count: number): Call[][] =>
    stage
      .shares(padded(cols) / 8, threads)
      .map(([from, to], t) =>
        from === to ? [] : [[`matmul_${kind}`, [out, x, at, count, inner, cols, cols, from, to, scratch[t]]]],
      )
  const job = { calls: calls(rows), small: calls(Math.min(rows, 64)), amount: 2 * rows * inner * cols }
  return { job, check: () => check(stage, kind, size, { out, values, source }) }
}

export function matvec(stage: Stage, kind: Kind, size: LinearSize): Checked {
  const { inner, cols } = size
  const matrix = matrixBytes(stage, kind, size)
  const copies = Math.ceil(STREAM / matrix)
  const source = weights(stage, kind, size, stage.region, copies)
  const { x, values } = input(stage, kind, size)
  const out = stage.take(padded(cols) * 4)
  const scratch = stage.each(() => stage.take(stage.kernels.matmul_scratch_bytes()))
  const calls = (count: number): Call[][] =>
    stage
      .shares(padded(cols) / 8)
      .map(([from, to], t) =>
        Array.from({ length: count }, (_, c) => [
          `matvec_${kind}`,
          [out, x, stage.region + c * matrix, inner, from, to, scratch[t]],
        ]),
      )
  const job = { calls: calls(copies), small: calls(1), amount: copies * matrix }
  return { job, check: () => check(stage, kind, size, { out, values, source }) }
}

const padded = (cols: number): number => Math.ceil(cols / 8) * 8
const formatOf = (kind: Kind): string => kind.split('_')[0]

/** The same 8 rows over and over, packed: all panels are equal, `copies` matrices of them. @returns the rows in f32 */
function weights(stage: Stage, kind: Kind, { inner, cols }: LinearSize, at: number, copies: number): number {
  const source = stage.values(8 * inner)
  stage.kernels[`pack_${formatOf(kind)}`](at, source, 0, inner, 8)
  stage.repeat(at, stage.kernels[`panel_bytes_${formatOf(kind)}`](inner), (padded(cols) / 8) * copies)
  return source
}

/** x as the kernel takes it, and its f32 values. */
function input(stage: Stage, kind: Kind, { rows, inner }: LinearSize): { x: number; values: number } {
  const values = stage.values(rows * inner)
  if (kind === formatOf(kind)) return { x: values, values }
  const x = stage.take(rows * stage.kernels.quantized_row_bytes(inner))
  stage.kernels[`quantize_rows_${formatOf(kind)}`](x, values, inner, 0, rows)
  return { x, values }
}

interface Places {
  readonly out: number
  readonly values: number
  readonly source: number
}

/** Ends the bench when outputs are further from plain sums than the format allows. */
function check(stage: Stage, kind: Kind, { rows, inner, cols }: LinearSize, { out, values, source }: Places): void {
  let [difference, size] = [0, 0]
  for (const r of new Set([0, rows - 1])) {
    const x = stage.f32(values + r * inner * 4, inner)
    for (let c = 0; c < 8; c++) {
      const w = stage.f32(source + c * inner * 4, inner)
      const sum = x.reduce((total, value, i) => total + value * w[i], 0)
      difference += (sum - stage.f32(out + (r * cols + c) * 4, 1)[0]) ** 2
      size += sum ** 2
    }
  }
  const error = Math.sqrt(difference / size)
  const limit = kind.startsWith('q4') ? 0.15 : kind.startsWith('q8') ? 0.03 : 0.01
  if (!(error <= limit)) throw new Error(`${kind} ${rows} x ${inner} x ${cols} is wrong by ${error}`)
}

function roofOf(kind: Kind, build: 'strict' | 'relaxed'): Exclude<RoofName, 'read'> {
  if (!/_(int|fused)$/.test(kind)) return 'madd'
  if (build === 'strict') return 'dot_i16x8'
  return kind === 'q4_int' ? 'dot_i16' : 'dot_i32'
}
