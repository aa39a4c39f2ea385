// From ids and patches to the input of the first layer: embed_tokens[id], plus vis_embed(patch) where the token is a
// `<vpatch>`. The patch is ADDED to the embedding of the `<vpatch>` token, it does not replace it. vis_embed is one
// linear layer on the 3 * p * p normalised pixel values of a patch: all there is in place of a vision encoder.
import type { ModelWeights } from '../config/weight-names.ts'
import { SailError } from '../errors.ts'
import type { GraphBuilder } from '../graph/builder.ts'
import type { Value } from '../graph/graph.ts'

/** embed (S, D). @throws SailError E_MODEL_NO_VISION when patches are asked of a text-only checkpoint. */
export function embed(g: GraphBuilder, { embed: table, visEmbed }: ModelWeights, patches: boolean): Value {
  const tokens = g.gather(table) // (S, D)
  if (!patches) return g.stage('embed', tokens)
  if (visEmbed === null)
    throw new SailError('E_MODEL_NO_VISION', {
      file: 'checkpoint',
      place: 'patch embedding',
      expected: 'a checkpoint that reads images',
      found: 'one for text only',
      hint: 'ask without an image, or load a SAIL checkpoint',
    })
  const pixels = g.input('patches', ['P', visEmbed.shape[1] ?? 0]) // (P, 3 * p * p)
  const seen = g.linear(pixels, { weight: visEmbed, bias: null }) // (P, D)
  return g.stage('embed', g.scatterAdd(tokens, seen))
}
