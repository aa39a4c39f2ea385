// Fused attention with the heads of a 7B, checked before it is timed: over values that are all ones it must give ones. The
// rate counts 2 * E multiply-adds for each pair of query and key that may see each other and each head; for one query it
// is the bytes of keys and values that count.
import type { Call } from '../../src/cli/bench/kernel-team.ts'
import type { Roofs } from '../../src/cli/bench/roofs.ts'
import type { Row } from './rows.ts'
import type { Stage } from './stage.ts'

export interface AttentionSize {
  /** Queries, all of which see all keys. */
  readonly S: number
  readonly K: number
  readonly half: boolean
}

const [H, G, E] = [32, 8, 128]

export async function attention(stage: Stage, { S, K, half }: AttentionSize, roofs: Roofs): Promise<Row> {
  const mark = stage.mark()
  const { kernels } = stage
  const suffix = half ? '_f16' : ''
  const q = stage.values(H * S * E)
  const out = stage.take(4 * S * H * E)
  const table = pages(stage, K, half)
  const shares = stage.shares(kernels.attention_units(S, H, G))
  const jobs = shares.map(([from, to]): Call[] => {
    const scratch = stage.take(kernels.attention_scratch_bytes(H, G, E))
    return [[`attention${suffix}`, [out, q, table, S, K, H, G, E, 0, 0, from, to, scratch]]]
  })
  const bytes = 2 * K * G * E * (half ? 2 : 4)
  const rate = await stage.rate(jobs, S === 1 ? bytes : 4 * E * H * S * K, S === 1 ? 50 : 1)
  const wrong = stage.f32(out, S * H * E).findIndex((value) => !(Math.abs(value - 1) < 1e-5))
  if (wrong >= 0) throw new Error(`attention over ones is ${stage.f32(out, S * H * E)[wrong]} at ${wrong}`)
  stage.freeTo(mark)
  const size = { rows: S, inner: K, cols: H * E }
  const [unit, roof] = S === 1 ? (['GB/s', 'read'] as const) : (['GOP/s', 'madd'] as const)
  return { kernel: `attention${suffix}`, ...size, unit, rate, roof, share: rate.median / roofs[roof]!.median }
}

/** A page table: keys from -0.5 to 0.5, values all one. */
function pages(stage: Stage, K: number, half: boolean): number {
  const { kernels } = stage
  const tokens = kernels.kv_page_tokens()
  const count = Math.ceil(K / tokens)
  const bytes = half ? kernels.kv_page_bytes_f16(G, E) : kernels.kv_page_bytes(G, E)
  const at = Array.from({ length: count }, () => {
    const page = stage.take(bytes)
    const part = G * tokens * E
    if (half) {
      const bits = new Uint16Array(stage.team.memory.buffer, page, 2 * part)
      for (let i = 0; i < part; i++) bits[i] = 0x3000 + ((i * 7919) % 2048) + (i & 1) * 0x8000
      bits.fill(0x3c00, part)
    } else {
      const values = stage.f32(page, 2 * part)
      for (let i = 0; i < part; i++) values[i] = (Math.imul(i + 1, 2654435761) >>> 8) / 2 ** 24 - 0.5
      values.fill(1, part)
    }
    return page
  })
  const table = stage.take(4 * count)
  new Uint32Array(stage.team.memory.buffer, table, count).set(at)
  return table
}
