// From the last layer to scores over the vocabulary: RMSNorm, then lm_head (the embedding table itself when tied).
// final_norm at the `<vpatch>` rows is also SAIL's answer as a vision encoder (the stage vision_features).
import type { ModelWeights } from '../config/weight-names.ts'
import type { GraphBuilder, Top } from '../graph/builder.ts'
import type { Value } from '../graph/graph.ts'

export interface HeadSetup {
  readonly eps: number
  readonly top: Top | null
}

/**
 * Stages final_norm (S, D), logits (S, V) and next_logits (1, V): choosing a token needs the scores of one row only. Most
 * choices need but the largest of them: next_top (2, count), scores and ids, where `top` says how many.
 */
export function head(
  g: GraphBuilder,
  x: Value,
  { finalNorm, head: table }: ModelWeights,
  { eps, top }: HeadSetup,
): void {
  const normed = g.stage('final_norm', g.rmsNorm(x, finalNorm, eps))
  g.stage('logits', g.linear(normed, { weight: table, bias: null }))
  const next = g.stage('next_logits', g.linear(g.lastRow(normed), { weight: table, bias: null }))
  if (top !== null) g.stage('next_top', g.topK(next, top))
}
