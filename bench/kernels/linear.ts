// Matrix kernels on the shapes of a 7B, every one checked against plain sums before it is timed. Many rows: 2 operations a
// product, held to the instruction that the kernel lives on. One row: bytes of weights, held to what reading gives in the
// same minute; copies of the matrix fill 2 GB and are walked one after the other, so that they come from memory.
import type { Call } from '../../src/cli/bench/kernel-team.ts'
import { type RoofName, type Roofs, readRoof } from '../../src/cli/bench/roofs.ts'
import type { Row } from './rows.ts'
import { REGION, type Stage } from './stage.ts'

export const KINDS = ['f32', 'bf16', 'q8_int', 'q8_fused', 'q4_int', 'q4_fused', 'q8', 'q4'] as const
export type Kind = (typeof KINDS)[number]

export interface LinearSize {
  readonly rows: number
  readonly inner: number
  readonly cols: number
}

/** Null where there is no such kernel: one row has no fused variant. */
export async function linear(stage: Stage, kind: Kind, size: LinearSize, roofs: Roofs): Promise<Row | null> {
  const mark = stage.mark()
  try {
    if (size.rows > 1) return await matmul(stage, kind, size, roofs)
    return kind.endsWith('fused') ? null : await matvec(stage, kind, size)
  } finally {
    stage.freeTo(mark)
  }
}

async function matmul(stage: Stage, kind: Kind, size: LinearSize, roofs: Roofs): Promise<Row> {
  const { rows, inner, cols } = size
  const { kernels, region } = stage
  const { source } = weights(stage, kind, size, 1)
  const { x, values } = input(stage, kind, size)
  const out = stage.take(rows * padded(cols) * 4)
  const jobs = stage.shares(padded(cols) / 8).map(([from, to]): Call[] => {
    const scratch = stage.take(kernels.matmul_scratch_bytes())
    return [[`matmul_${kind}`, [out, x, region, rows, inner, cols, cols, from, to, scratch]]]
  })
  const rate = await stage.rate(jobs, 2 * rows * inner * cols)
  check(stage, kind, size, { out, values, source })
  const roof = roofOf(kind, stage.build)
  return { kernel: `matmul_${kind}`, ...size, unit: 'GOP/s', rate, roof, share: rate.median / roofs[roof]!.median }
}

async function matvec(stage: Stage, kind: Kind, size: LinearSize): Promise<Row> {
  const { inner, cols } = size
  const matrix = (padded(cols) / 8) * stage.kernels[`panel_bytes_${formatOf(kind)}`](inner)
  const copies = Math.floor(REGION / matrix)
  const { source } = weights(stage, kind, size, copies)
  const { x, values } = input(stage, kind, size)
  const out = stage.take(padded(cols) * 4)
  const jobs = stage.shares(padded(cols) / 8).map(([from, to]): Call[] => {
    const scratch = stage.take(stage.kernels.matmul_scratch_bytes())
    const call = (c: number): Call => [`matvec_${kind}`, [out, x, stage.region + c * matrix, inner, from, to, scratch]]
    return Array.from({ length: copies }, (_, c) => call(c))
  })
  const before = await readRoof(stage.team, stage.region, REGION, 5)
  const rate = await stage.rate(jobs, copies * matrix)
  const after = await readRoof(stage.team, stage.region, REGION, 5)
  check(stage, kind, size, { out, values, source })
  const roof = (before.median + after.median) / 2
  return { kernel: `matvec_${kind}`, ...size, unit: 'GB/s', rate, roof: 'read', share: rate.median / roof }
}

const padded = (cols: number): number => Math.ceil(cols / 8) * 8
const formatOf = (kind: Kind): string => kind.split('_')[0]

/** The same 8 rows over and over, packed: all panels are equal, and `copies` matrices of them fill the region. */
function weights(stage: Stage, kind: Kind, { inner, cols }: LinearSize, copies: number): { source: number } {
  const format = formatOf(kind)
  const source = stage.values(8 * inner)
  const size = stage.kernels[`panel_bytes_${format}`](inner)
  const panels = (padded(cols) / 8) * copies
  stage.kernels[`pack_${format}`](stage.region, source, 0, inner, 8)
  const bytes = stage.bytes(stage.region, panels * size)
  for (let n = 1; n < panels; n *= 2) bytes.copyWithin(n * size, 0, Math.min(n, panels - n) * size)
  return { source }
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

function roofOf(kind: Kind, build: 'strict' | 'relaxed'): RoofName {
  if (!/_(int|fused)$/.test(kind)) return 'madd'
  if (build === 'strict') return 'dot_i16x8'
  return kind === 'q4_int' ? 'dot_i16' : 'dot_i32'
}
