// How far PyTorch's own runs lie apart, stage by stage: the largest relative L2 over all cases, both passes and all layers
// of goldens made with random models of 2 and 3 layers, 22 to 1630 tokens. `f32` is an eager f32 run, `bf16` the reference
// as shipped, both against the same code in f64. What another implementation may differ by is made from these, where a
// dump has no f64 file beside it to measure its own error by. golden/README.md, "PyTorch's own error", has the same figures
// for other cases of that kind.

export interface OwnError {
  readonly f32: number
  readonly bf16: number
}

/** By the stage's name inside its layer or pass. */
export const ownErrors: Readonly<Record<string, OwnError>> = {
  embed: { f32: 2.4e-7, bf16: 3.0e-3 },
  attn_norm: { f32: 8.8e-7, bf16: 1.3e-2 },
  q: { f32: 9.0e-7, bf16: 1.3e-2 },
  k: { f32: 9.1e-7, bf16: 1.3e-2 },
  v: { f32: 9.0e-7, bf16: 1.4e-2 },
  q_rope: { f32: 9.0e-7, bf16: 1.3e-2 },
  k_rope: { f32: 9.1e-7, bf16: 1.3e-2 },
  attn_weights: { f32: 1.6e-6, bf16: 2.0e-2 },
  attn_heads: { f32: 1.3e-6, bf16: 1.2e-2 },
  attn_out: { f32: 1.4e-6, bf16: 1.3e-2 },
  attn_residual: { f32: 9.3e-7, bf16: 1.3e-2 },
  mlp_norm: { f32: 9.5e-7, bf16: 1.3e-2 },
  gate: { f32: 9.9e-7, bf16: 1.3e-2 },
  up: { f32: 9.7e-7, bf16: 1.3e-2 },
  act: { f32: 1.4e-6, bf16: 2.0e-2 },
  mlp_out: { f32: 1.4e-6, bf16: 2.0e-2 },
  out: { f32: 1.1e-6, bf16: 1.4e-2 },
  final_norm: { f32: 1.1e-6, bf16: 1.4e-2 },
  vision_features: { f32: 1.1e-6, bf16: 1.4e-2 },
  logits: { f32: 1.1e-6, bf16: 1.4e-2 },
  step_logits: { f32: 1.1e-6, bf16: 1.7e-2 },
}
