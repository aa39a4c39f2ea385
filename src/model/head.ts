// From the last layer to scores over the vocabulary: RMSNorm, then lm_head (the embedding table itself when tied).
// final_norm at the `<vpatch>` rows is also SAIL's answer as a vision encoder (the stage vision_features).
import type { ModelWeights } from '../config/weight-names.ts'
import type { GraphBuilder } from '../graph/builder.ts'
import type { Value } from '../graph/graph.ts'

/** Stages final_norm (S, D), logits (S, V) and next_logits (1, V): choosing a token needs the scores of one row only. */
export function head(g: GraphBuilder, x: Value, { finalNorm, head: table }: ModelWeights, eps: number): void {
  const normed = g.stage('final_norm', g.rmsNorm(x, finalNorm, eps))
  g.stage('logits', g.linear(normed, { weight: table, bias: null }))
  g.stage('next_logits', g.linear(g.lastRow(normed), { weight: table, bias: null }))
}
