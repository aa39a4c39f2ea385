// Fused attention with the heads of a 7B, checked before its figure counts: over values that are all ones it must give ones.
// The rate counts 2 * E multiply-adds for each pair of query and key that may see each other and each head; for one query
// it is the bytes of keys and values that count, of so many copies of them that they come from memory.
import type { Call } from '../../src/cli/bench/kernel-team.ts'
import type { Row } from './rows.ts'
import { type Job, STREAM, type Stage } from './stage.ts'

export interface AttentionSize {
  /** Queries, all of which see all keys. */
  readonly S: number
  readonly K: number
  readonly half: boolean
}

const [H, G, E] = [32, 8, 128]

/** The kernel against its roof: multiply-add, or reading where there is one query. */
export async function attention(stage: Stage, size: AttentionSize): Promise<Row> {
  const mark = stage.mark()
  try {
    const { job, check, kernel } = attentionJob(stage, size)
    const one = size.S === 1
    const [unit, roof] = one ? (['GB/s', 'read'] as const) : (['GOP/s', 'madd'] as const)
    const base = roof === 'read' ? stage.readRoof(job.amount) : stage.computeRoof(roof, job.amount)
    const turns = await stage.turns(base, job)
    check()
    const result = { rate: turns.rate, roof, roof_rate: turns.base, share: turns.ratio.median }
    return { kernel, rows: size.S, inner: size.K, cols: H * E, unit, ...result }
  } finally {
    stage.freeTo(mark)
  }
}

interface AttentionJob {
  readonly kernel: string
  readonly job: Job
  readonly check: () => void
}

/** @param at where keys and values go */
export function attentionJob(stage: Stage, { S, K, half }: AttentionSize, at = stage.region): AttentionJob {
  const { kernels } = stage
  const kernel = half ? 'attention_f16' : 'attention'
  const q = stage.values(H * S * E)
  const out = stage.take(4 * S * H * E)
  const bytes = 2 * K * G * E * (half ? 2 : 4)
  const copies = S === 1 ? Math.ceil(STREAM / bytes) : 1
  const tables = pages(stage, K, half, at, copies)
  const scratch = stage.each(() => stage.take(kernels.attention_scratch_bytes(H, G, E)))
  const calls = (count: number): Call[][] =>
    stage
      .shares(kernels.attention_units(S, H, G))
      .map(([from, to], t) =>
        tables.slice(0, count).map((table) => [kernel, [out, q, table, S, K, H, G, E, 0, 0, from, to, scratch[t]]]),
      )
  const job = { calls: calls(copies), small: calls(1), amount: S === 1 ? bytes * copies : 4 * E * H * S * K }
  const check = (): void => {
    const wrong = stage.f32(out, S * H * E).findIndex((value) => !(Math.abs(value - 1) < 1e-5))
    if (wrong >= 0) throw new Error(`attention over ones is ${stage.f32(out, S * H * E)[wrong]} at ${wrong}`)
  }
  return { kernel, job, check }
}

/** Tables of pages, one a copy: keys from -0.5 to 0.5, values all one. */
function pages(stage: Stage, K: number, half: boolean, at: number, copies: number): number[] {
  const { kernels } = stage
  const tokens = kernels.kv_page_tokens()
  const count = Math.ceil(K / tokens)
  const bytes = half ? kernels.kv_page_bytes_f16(G, E) : kernels.kv_page_bytes(G, E)
  const part = G * tokens * E
  stage.bytes(at, bytes).fill(0) // and with it the marks of f16 pages
  if (half) {
    const bits = new Uint16Array(stage.team.memory.buffer, at, 2 * part)
    for (let i = 0; i < part; i++) bits[i] = 0x3000 + ((i * 7919) % 2048) + (i & 1) * 0x8000
    bits.fill(0x3c00, part)
  } else {
    const values = stage.f32(at, 2 * part)
    for (let i = 0; i < part; i++) values[i] = (Math.imul(i + 1, 2654435761) >>> 8) / 2 ** 24 - 0.5
    values.fill(1, part)
  }
  stage.repeat(at, bytes, count * copies)
  return Array.from({ length: copies }, (_, c) => {
    const table = stage.take(4 * count)
    new Uint32Array(stage.team.memory.buffer, table, count).set(
      Array.from({ length: count }, (_, p) => at + (c * count + p) * bytes),
    )
    return table
  })
}
