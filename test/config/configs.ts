// A small valid config.json for tests, with keys changed or (undefined) left out.

const sail = {
  architectures: ['SailForCausalLM'],
  attention_dropout: 0,
  bos_token_id: 1,
  eos_token_id: 2,
  hidden_act: 'silu',
  hidden_size: 16,
  initializer_range: 0.02,
  intermediate_size: 24,
  max_position_embeddings: 512,
  model_type: 'mistral',
  num_attention_heads: 2,
  num_hidden_layers: 2,
  num_key_value_heads: 1,
  rms_norm_eps: 1e-5,
  rope_theta: 10000,
  sliding_window: null,
  tie_word_embeddings: false,
  torch_dtype: 'bfloat16',
  use_cache: true,
  vision_patch_size: 2,
  vocab_size: 10,
}

export function configText(changes: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ ...sail, ...changes })
}
