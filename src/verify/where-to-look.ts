// Which step of a port makes each stage, for whoever has to find the fault. Keys are stage names without pass and layer.
const steps: Readonly<Record<string, string>> = {
  'image.rgb': 'decoding: EXIF orientation is ignored, alpha dropped, palettes and grey widened as Pillow does',
  'image.resized': 'the target size and the antialiased bilinear resize on bytes',
  patches:
    'the cut into patches (patches row by row; channel, row, column inside one) and (byte / 255 - mean) / std in f32',
  grid: 'the target size: GH and GW are height and width in patches, in this order',
  input_ids: 'the template, the place of the image in front of it, and the tokenizer',
  vision_patch_indices: 'which tokens are patches, and their order',
  position_ids:
    'the axes t, h, w: a patch has (start, start + row, start + column), what follows goes on from the largest + 1',
  mask: 'who sees whom: causal, and everything inside the image prefix, from <vision> to </vision>',
  prefix_len: 'the length of the prefix: <vision> and </vision> belong to it',
  embed: 'the embedding: the linear map of a patch is added to the embedding of <vpatch>, it does not replace it',
  'rope.cos': 'the rotary angles: f32(position) * inv_freq in f32, theta, and which frequencies follow which axis',
  'rope.sin': 'the rotary angles: f32(position) * inv_freq in f32, theta, and which frequencies follow which axis',
  attn_norm: 'the RMSNorm before attention: its weight and rms_norm_eps',
  q: 'the projection of the queries: weight, bias, transposition',
  k: 'the projection of the keys: weight, bias, transposition',
  v: 'the projection of the values: weight, bias, transposition',
  q_rope: 'the rotation of the queries: sections of the frequencies, and halves (not neighbours) turned together',
  k_rope: 'the rotation of the keys: sections of the frequencies, and halves (not neighbours) turned together',
  attn_weights:
    'the scores: 1 / sqrt(E), the mask and the window of this pass, which key head a query head reads, the softmax',
  attn_heads: 'the mix of the values: which value head a query head reads, and the cached values',
  attn_out: 'the output projection, and the order of the heads in its input',
  attn_residual: 'the sum of the layer input and attn_out',
  mlp_norm: 'the RMSNorm before the MLP: its weight and rms_norm_eps',
  gate: 'the gate projection: weight, transposition, or gate and up exchanged',
  up: 'the up projection: weight, transposition, or gate and up exchanged',
  act: 'silu(gate) * up: which of the two goes through silu',
  mlp_out: 'the down projection',
  out: 'the sum of attn_residual and mlp_out',
  final_norm: 'the last RMSNorm: its weight and rms_norm_eps',
  logits: 'the head: lm_head, or the embedding table when they are tied',
  vision_features: 'which rows of prefix.final_norm are patches, and their order as a map',
  generated_ids: 'the choice of the next token: the largest logit, the lowest id of equals, and when to stop',
  step_logits: 'decoding: positions of the new tokens, what the cache holds, the window',
}

/** @param name full stage name, such as prefix.layers.1.k_rope */
export function whereToLook(name: string): string {
  const local = name.replace(/^(prefix|text|step\.\d+)\./, '').replace(/^layers\.\d+\./, '')
  return steps[local] ?? 'the step that makes it'
}
