// The one table of the checkpoint's tensors: which there are, how they are called, which shape the config gives them.
// The model takes its weights from here, the loader checks a checkpoint against it, `inspect` prints it.
// Linear weights are (out_features, in_features) as PyTorch stores them. Names: upstream `modeling_sail.py`.
import type { ModelConfig } from './model-config.ts'

interface NamedShape {
  readonly name: string
  readonly shape: readonly number[]
}

/** A linear layer's tensors; most have no bias, Qwen2-based checkpoints have one on q, k and v. */
interface LinearWeights {
  readonly weight: NamedShape
  readonly bias: NamedShape | null
}

export interface LayerWeights {
  readonly inputNorm: NamedShape
  readonly q: LinearWeights
  readonly k: LinearWeights
  readonly v: LinearWeights
  readonly o: LinearWeights
  readonly postNorm: NamedShape
  readonly gate: LinearWeights
  readonly up: LinearWeights
  readonly down: LinearWeights
}

export interface ModelWeights {
  /** (V, D): one row a token. */
  readonly embed: NamedShape
  /** (D, 3 * p * p), null in a text-only checkpoint. */
  readonly visEmbed: NamedShape | null
  readonly layers: readonly LayerWeights[]
  readonly finalNorm: NamedShape
  /** (V, D): the embedding table itself when the config ties them. */
  readonly head: NamedShape
}

/** Names and shapes of all weights, by role. */
export function modelWeights(config: ModelConfig): ModelWeights {
  const { D, L, V } = config.dims
  const embed = { name: 'model.embed_tokens.weight', shape: [V, D] }
  const { patchSize: p } = config
  const { patchEmbed } = config.family
  return {
    embed,
    visEmbed: p === null || patchEmbed === null ? null : { name: patchEmbed, shape: [D, 3 * p * p] },
    layers: Array.from({ length: L }, (_, i) => layerWeights(config, `model.layers.${i}.`)),
    finalNorm: { name: 'model.norm.weight', shape: [D] },
    head: config.tied ? embed : { name: 'lm_head.weight', shape: [V, D] },
  }
}

function layerWeights({ dims, bias }: ModelConfig, prefix: string): LayerWeights {
  const { D, H, G, E, F } = dims
  const linear = (name: string, cols: number, inner: number, biased = false): LinearWeights => ({
    weight: { name: `${prefix}${name}.weight`, shape: [cols, inner] },
    bias: biased ? { name: `${prefix}${name}.bias`, shape: [cols] } : null,
  })
  return {
    inputNorm: { name: `${prefix}input_layernorm.weight`, shape: [D] },
    q: linear('self_attn.q_proj', H * E, D, bias.q),
    k: linear('self_attn.k_proj', G * E, D, bias.k),
    v: linear('self_attn.v_proj', G * E, D, bias.v),
    o: linear('self_attn.o_proj', D, H * E, bias.o),
    postNorm: { name: `${prefix}post_attention_layernorm.weight`, shape: [D] },
    gate: linear('mlp.gate_proj', F, D),
    up: linear('mlp.up_proj', F, D),
    down: linear('mlp.down_proj', D, F),
  }
}

/** Name to shape of every tensor that the checkpoint must hold, in the order of the data. */
export function expectedWeights(config: ModelConfig): Map<string, readonly number[]> {
  const { embed, visEmbed, layers, finalNorm, head } = modelWeights(config)
  const all = [embed, visEmbed, ...layers.flatMap(inLayer), finalNorm, head]
  return new Map(all.filter((tensor) => tensor !== null).map(({ name, shape }) => [name, shape]))
}

function inLayer(layer: LayerWeights): (NamedShape | null)[] {
  return Object.values(layer).flatMap((part: NamedShape | LinearWeights) =>
    'name' in part ? [part] : [part.weight, part.bias],
  )
}
