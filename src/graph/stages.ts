// The one table of stages: every named tensor between a picture and an answer, in the order of the data. `trace`,
// `verify`, the golden tests and the explorer page all read it; nothing else lists stages.
//   name    the pass goes in front ('text.embed'), the number of the layer in place of i ('prefix.layers.3.q')
//   shape   letters, numbers and products: P patches, T tokens, S query tokens and K keys of the pass, N new ids, p patch
//           side, D H G E F V of the model, the grid GH GW
//   kind    exact: zero differences. close: within a limit. bits: close, but given its inputs one bit pattern is right
//   inner   length of the reduction that makes a value, which the limit grows with; - for none
//   from    what it is computed from: stages of the same pass or of the case. input is the out of the layer before, or
//           embed; + marks what is also read of the earlier passes, through the cache; . stands for 'layers.i.'

export interface StageRow {
  readonly name: string
  /** Once a case, once a pass, or once a layer of a pass. */
  readonly scope: 'case' | 'pass' | 'layer'
  /** One word a dimension: 'S H*E'. */
  readonly shape: string
  readonly dtype: 'F32' | 'U8' | 'I64'
  readonly kind: 'exact' | 'close'
  /** Whether equal inputs must give equal bits: everything exact, and the additions and copies among the close. */
  readonly bitEqual: boolean
  /** A dimension as in `shape`, or null. */
  readonly inner: string | null
  /** Names as in this table; 'layers.i.input' is the out of the layer before, or embed. */
  readonly from: readonly string[]
  /** Those of `from` of which the earlier passes' values are read too. */
  readonly cached: readonly string[]
  readonly formula: string
  /** The upstream function that computes it. */
  readonly source: string
}

const beforeThePasses = `
image.rgb            | height width 3 | U8  | exact | -   |                           | decoded pixels                           | example.py load_base64_to_PILImage
image.resized        | GH*p GW*p 3    | U8  | exact | -   | image.rgb                 | bilinear, antialiased, to whole patches  | example.py get_transform
patches              | P 3*p*p        | F32 | exact | -   | image.resized             | (byte / 255 - mean) / std; channel, row, column | example.py convert_image_base64_to_patches
grid                 | 2              | I64 | exact | -   | image.rgb                 | GH, GW                                   | example.py get_resize_output_image_size
input_ids            | T              | I64 | exact | -   | grid                      | <vision>, <vpatch> * P, </vision>, prompt | example.py prepare_image_textual_seq_norowsep
vision_patch_indices | T              | I64 | exact | -   | input_ids                 | number of the patch, or -1               | example.py
position_ids         | 3 T            | I64 | exact | -   | input_ids grid            | t, h, w; an image costs max(GH, GW)      | example.py generate_mm_pos_ids_singleit
mask                 | T T            | U8  | exact | -   | prefix_len                | key <= query, or both in the prefix      | example.py create_single_prefix_mask
prefix_len           | 1              | I64 | exact | -   | grid                      | P + 2                                    | example.py
`

const inAPass = `
embed                | S D            | F32 | close | 3*p*p | input_ids vision_patch_indices patches | embed_tokens[id] + vis_embed(patch) | MultimodalMistralModel
rope.cos             | S E            | F32 | close | -   | position_ids              | cos(f32(position) * inv_freq)            | MistralMultimodalRotaryEmbedding
rope.sin             | S E            | F32 | close | -   | position_ids              | sin(f32(position) * inv_freq)            | MistralMultimodalRotaryEmbedding
mask                 | S K            | U8  | exact | -   | prefix_len                | the keys that each query sees            | MultimodalMistralModel._update_causal_mask
`

const inALayer = `
.attn_norm           | S D            | F32 | close | D   | .input                    | x / sqrt(mean(x^2) + eps) * w            | MistralRMSNorm
.q                   | S H*E          | F32 | close | D   | .attn_norm                | attn_norm . Wq^T                         | MistralAttention
.k                   | S G*E          | F32 | close | D   | .attn_norm                | attn_norm . Wk^T                         | MistralAttention
.v                   | S G*E          | F32 | close | D   | .attn_norm                | attn_norm . Wv^T                         | MistralAttention
.q_rope              | H S E          | F32 | close | -   | .q rope.cos rope.sin      | q * cos + rotate_half(q) * sin           | apply_multimodal_rotary_pos_emb
.k_rope              | G S E          | F32 | close | -   | .k rope.cos rope.sin      | k * cos + rotate_half(k) * sin           | apply_multimodal_rotary_pos_emb
.attn_weights        | H S K          | F32 | close | E   | .q_rope .k_rope+          | softmax of the visible q . k / sqrt(E)   | MistralAttention
.attn_heads          | S H*E          | F32 | close | K   | .attn_weights .v+         | weights . v, heads side by side          | MistralAttention
.attn_out            | S D            | F32 | close | H*E | .attn_heads               | attn_heads . Wo^T                        | MistralAttention
.attn_residual       | S D            | F32 | bits  | -   | .input .attn_out          | input + attn_out                         | MistralDecoderLayer
.mlp_norm            | S D            | F32 | close | D   | .attn_residual            | x / sqrt(mean(x^2) + eps) * w            | MistralRMSNorm
.gate                | S F            | F32 | close | D   | .mlp_norm                 | mlp_norm . Wgate^T                       | MistralMLP
.up                  | S F            | F32 | close | D   | .mlp_norm                 | mlp_norm . Wup^T                         | MistralMLP
.act                 | S F            | F32 | close | -   | .gate .up                 | silu(gate) * up                          | MistralMLP
.mlp_out             | S D            | F32 | close | F   | .act                      | act . Wdown^T                            | MistralMLP
.out                 | S D            | F32 | bits  | -   | .attn_residual .mlp_out   | attn_residual + mlp_out                  | MistralDecoderLayer
`

const endOfAPass = `
final_norm           | S D            | F32 | close | D   | layers.L-1.out            | x / sqrt(mean(x^2) + eps) * w            | MistralRMSNorm
logits               | S V            | F32 | close | D   | final_norm                | final_norm . Whead^T                     | SailForCausalLM
`

const afterThePrefix = `
vision_features      | GH GW D        | F32 | bits  | -   | prefix.final_norm         | final_norm at the <vpatch> tokens        | -
`

const afterThePasses = `
generated_ids        | N              | I64 | exact | -   | step_logits               | the largest logit, token by token        | SailForCausalLM.generate
step_logits          | N V            | F32 | close | D   | generated_ids             | the logits that chose each id            | SailForCausalLM.generate
`

function rows(table: string, scope: StageRow['scope']): StageRow[] {
  return table
    .trim()
    .split('\n')
    .map((line) => row(line, scope))
}

function row(line: string, scope: StageRow['scope']): StageRow {
  const [name, shape, dtype, kind, inner, from, formula, source] = line.split('|').map((cell) => cell.trim())
  const inputs = from.split(' ').filter((input) => input !== '')
  return {
    name: full(name),
    scope,
    shape,
    dtype: dtype as StageRow['dtype'],
    kind: kind === 'exact' ? 'exact' : 'close',
    bitEqual: kind !== 'close',
    inner: inner === '-' ? null : inner,
    from: inputs.map((input) => full(input.replace('+', ''))),
    cached: inputs.filter((input) => input.endsWith('+')).map((input) => full(input.slice(0, -1))),
    formula,
    source,
  }
}

function full(name: string): string {
  return name.startsWith('.') ? `layers.i${name}` : name
}

/** The rows of one pass: before its layers, of each layer, and behind them. */
export const passRows = {
  start: rows(inAPass, 'pass'),
  layer: rows(inALayer, 'layer'),
  end: rows(endOfAPass, 'pass'),
} as const

/** The rows of a case: before its passes, behind the image prefix, and at the end. */
export const caseRows = {
  start: rows(beforeThePasses, 'case'),
  afterPrefix: rows(afterThePrefix, 'case'),
  end: rows(afterThePasses, 'case'),
} as const

/** All rows, in the order of the data. */
export const STAGES: readonly StageRow[] = [
  ...caseRows.start,
  ...passRows.start,
  ...passRows.layer,
  ...passRows.end,
  ...caseRows.afterPrefix,
  ...caseRows.end,
]
