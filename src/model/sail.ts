// SAIL, whole: one decoder-only transformer that reads raw image patches and text. There is no vision encoder.
//   x = embed(tokens, patches); x = layer_i(x) for i = 0 .. L - 1; logits = head(norm(x))
// This folder reads in the order of the data: embed.ts, layer.ts, head.ts. Shapes: S tokens of the pass, D hidden,
// H query and G key/value heads of size E, F feed-forward, V vocabulary. Source: upstream `modeling_sail.py`.
import type { ModelConfig } from '../config/model-config.ts'
import { modelWeights } from '../config/weight-names.ts'
import { GraphBuilder, type Top } from '../graph/builder.ts'
import type { Graph } from '../graph/graph.ts'
import { embed } from './embed.ts'
import { head } from './head.ts'
import { layer, rotaryTables } from './layer.ts'

export interface PassParts {
  readonly patches: boolean
  readonly top?: Top | null
}

/**
 * The graph of one pass, all stages of FORMAT.md named, plus 'next_logits' (1, V), the last row of 'logits'.
 * Cut it to what a run needs: `cutGraph(buildPass(config, { patches }), { outputs: ['next_logits'] })`.
 * @param patches whether the tokens of the pass hold image patches; the graph then has the input 'patches' (P, 3 * p * p)
 * @param top adds the stage 'next_top' (2, count): the largest of next_logits and their ids
 * @throws SailError E_GRAPH_SHAPE when sizes of the config do not fit each other, E_MODEL_NO_VISION without vis_embed,
 *   E_GRAPH_TOP_K
 */
export function buildPass(config: ModelConfig, { patches, top = null }: PassParts): Graph {
  const { D, H, G, E, L } = config.dims
  const g = new GraphBuilder({ D, H, G, E, L })
  const w = modelWeights(config)

  let x = embed(g, w, patches)
  const rope = rotaryTables(g, config)
  for (const [i, weights] of w.layers.entries()) {
    const input = x
    x = g.layer(i, () => layer(g, input, rope, weights, config.rmsNormEps))
  }
  head(g, x, w, { eps: config.rmsNormEps, top })
  return g.build()
}
