// One layer: x + attention(norm(x)), then + mlp(norm(that)). Attention is grouped (H query heads share G key/value heads,
// each key head serving H / G neighbours, upstream's repeat_kv) and turned by M-RoPE: a frequency follows the t, h or w
// position of its token. The mask is a rule of the pass, not a value of the graph. Source: upstream `MistralDecoderLayer`.
import type { ModelConfig } from '../config/model-config.ts'
import type { LayerWeights } from '../config/weight-names.ts'
import type { GraphBuilder } from '../graph/builder.ts'
import type { Value } from '../graph/graph.ts'

/** cos and sin of the rotary angles, (S, E) each; all layers share them. */
export interface RotaryTables {
  readonly cos: Value
  readonly sin: Value
}

export function rotaryTables(g: GraphBuilder, { ropeTheta, ropeSections }: ModelConfig): RotaryTables {
  return {
    cos: g.stage('rope.cos', g.rotary('cos', ropeTheta, ropeSections)),
    sin: g.stage('rope.sin', g.rotary('sin', ropeTheta, ropeSections)),
  }
}

/** The layer's out (S, D) from its input x (S, D). Call it inside `g.layer(i, ..)`. */
export function layer(g: GraphBuilder, x: Value, rope: RotaryTables, w: LayerWeights, eps: number): Value {
  const normed = g.stage('attn_norm', g.rmsNorm(x, w.inputNorm, eps))
  const residual = g.stage('attn_residual', g.add(x, attention(g, normed, rope, w)))
  const normedAgain = g.stage('mlp_norm', g.rmsNorm(residual, w.postNorm, eps))
  return g.stage('out', g.add(residual, mlp(g, normedAgain, w)))
}

/** attn_out (S, D): o(softmax(q . k / sqrt(E)) v), over the cached tokens and those of this pass. */
function attention(g: GraphBuilder, x: Value, { cos, sin }: RotaryTables, w: LayerWeights): Value {
  const { H, G } = g.sizes
  const q = g.stage('q', g.linear(x, w.q)) // (S, H * E)
  const k = g.stage('k', g.linear(x, w.k)) // (S, G * E)
  const v = g.stage('v', g.linear(x, w.v)) // (S, G * E)
  const turnedQ = g.stage('q_rope', g.rope(q, cos, sin, H)) // (H, S, E)
  const turnedK = g.stage('k_rope', g.rope(k, cos, sin, G)) // (G, S, E)
  const keys = g.cache('k', turnedK) // (G, K, E)
  const values = g.cache('v', v) // (K, G * E)
  const weights = g.stage('attn_weights', g.attnWeights(turnedQ, keys)) // (H, S, K)
  const heads = g.stage('attn_heads', g.attnMix(weights, values)) // (S, H * E)
  return g.stage('attn_out', g.linear(heads, w.o))
}

/** mlp_out (S, D): down(silu(gate(x)) * up(x)). */
function mlp(g: GraphBuilder, x: Value, w: LayerWeights): Value {
  const gate = g.stage('gate', g.linear(x, w.gate)) // (S, F)
  const up = g.stage('up', g.linear(x, w.up)) // (S, F)
  const act = g.stage('act', g.swiglu(gate, up)) // (S, F)
  return g.stage('mlp_out', g.linear(act, w.down))
}
