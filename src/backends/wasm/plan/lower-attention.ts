// The ops between q, k, v and attn_heads. Keys and values have no memory of their own: they go to the cache's pages, and
// attention reads them there. It goes by blocks of rows where its queries do (queries-last.ts); queries that others see as well,
// and weights, are of all rows.
import type { Op } from '../../../graph/graph.ts'
import type { Rows } from './program.ts'
import type { Tape } from './tape.ts'

type AttentionOp = Extract<Op, { readonly kind: 'rope' | 'cache' | 'attnWeights' | 'attnMix' | 'attention' }>

export function lowerAttention(op: AttentionOp, tape: Tape, shard: number): void {
  const layer = op.layer ?? 0
  switch (op.kind) {
    case 'rope': {
      const [x, cos, sin] = [op.input, op.cos, op.sin].map((value) => tape.in(value, shard))
      if (fillsCache(tape.onlyReader(op.out))) {
        tape.add({ kind: 'ropeToCache', x, cos, sin, layer }, shard, 'S', [x, cos, sin], [], { fills: layer })
        break
      }
      const out = tape.newValue(op.out, shard)
      tape.add(
        { kind: 'rope', out, x, cos, sin, heads: op.heads },
        shard,
        op.out.shape[1] as Rows,
        [x, cos, sin],
        [out],
      )
      break
    }
    case 'cache': {
      // A rope that nobody else reads has written there itself.
      if (!tape.knows(op.input)) break
      const x = tape.in(op.input, shard)
      tape.add({ kind: op.part === 'k' ? 'storeK' : 'storeV', x, layer }, shard, 'S', [x], [], { fills: layer })
      break
    }
    case 'attnMix': {
      const weights = tape.in(op.weights, shard)
      const out = tape.newValue(op.out, shard)
      tape.add({ kind: 'attnMix', out, weights, layer }, shard, null, [weights], [out], { looksUp: layer })
      break
    }
    default: {
      const q = tape.in(op.q, shard)
      const out = tape.newValue(op.out, shard)
      const rows = op.kind === 'attention' && tape.isLastUse(op.q) ? (op.out.shape[0] as Rows) : null
      tape.add({ kind: op.kind, out, q, layer }, shard, rows, [q], [out], { looksUp: layer })
    }
  }
}

function fillsCache(reader: Op | null): boolean {
  return reader?.kind === 'cache' && reader.part === 'k'
}
