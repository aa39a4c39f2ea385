// Which values are stored in f16 where activations are: those that a product or swiglu reads, and that are many. All sums are
// f32, and so is what adds up over the layers: the residual stream (embed, attn_residual, out) with what is added to it
// (attn_out, mlp_out). A few of its values grow to thousands in trained models, and each of 2 L additions would round the
// others to their unit. Logits are f32, so that choosing a token does not see the format, and so are the few values of
// rotary tables and patches. attn_weights are only stored when they are looked at.
// By the stage's name, not by its readers: a graph that is cut stores as the whole one does.
import type { Graph } from '../../../graph/graph.ts'

const stored = new Set([
  ...['attn_norm', 'q', 'k', 'v', 'q_rope', 'k_rope', 'attn_heads'],
  ...['mlp_norm', 'gate', 'up', 'act', 'final_norm'],
])

/** Ids of values. */
export function halfValues({ stages, ops }: Graph): ReadonlySet<number> {
  const named = [...stages].filter(([name]) => stored.has(name.split('.').at(-1)!))
  const half = new Set(named.map(([, { id }]) => id))
  for (const op of ops) if (op.kind === 'lastRow' && half.has(op.input.id)) half.add(op.out.id)
  return half
}
