// SAIL once more, independent of graph and backend: one causal pass over all tokens in f64 with nested arrays, written
// from the formulas. It covers what no golden model has: biases, a tied head, 1 < G < H, a head size that is not D / H.
import type { ModelConfig } from '../../src/config/model-config.ts'
import { expectedWeights } from '../../src/config/weight-names.ts'

type Row = number[]
type Weights = ReadonlyMap<string, Float32Array | Uint16Array>

export interface PlainInput {
  readonly ids: readonly number[]
  readonly patchIndices: readonly number[]
  /** Positions by axis, t, h, w. */
  readonly axes: readonly Row[]
  readonly patches: readonly Row[]
}

const dot = (a: Row, b: Row): number => a.reduce((sum, x, i) => sum + x * b[i], 0)
const plus = (a: Row, b: Row): Row => a.map((x, i) => x + b[i])

/** logits (S, V). */
export function plainSail(config: ModelConfig, weights: Weights, input: PlainInput): Row[] {
  const { H, G, E, L } = config.dims
  const vector = (name: string): Row => [...weights.get(name)!]
  const matrix = (name: string): Row[] => {
    const [rows, inner] = expectedWeights(config).get(name)!
    const all = vector(name)
    return Array.from({ length: rows }, (_, r) => all.slice(r * inner, (r + 1) * inner))
  }
  const linear = (name: string, x: Row): Row => {
    const y = matrix(`${name}.weight`).map((row) => dot(row, x))
    return weights.has(`${name}.bias`) ? plus(y, vector(`${name}.bias`)) : y
  }
  const norm = (name: string, x: Row): Row => {
    const scale = 1 / Math.sqrt(dot(x, x) / x.length + config.rmsNormEps)
    return vector(`${name}.weight`).map((w, i) => w * x[i] * scale)
  }
  const heads = (x: Row): Row[] => Array.from({ length: x.length / E }, (_, h) => x.slice(h * E, (h + 1) * E))
  const axisOf = config.ropeSections.flatMap((length, axis) => Array.from({ length }, () => axis))
  const turn = (x: Row, s: number): Row =>
    x.map((value, e) => {
      const [j, low] = [e % (E / 2), e < E / 2]
      const angle = input.axes[axisOf[j]][s] * config.ropeTheta ** ((-2 * j) / E)
      return value * Math.cos(angle) + (low ? -x[e + E / 2] : x[e - E / 2]) * Math.sin(angle)
    })

  const table = matrix('model.embed_tokens.weight')
  let x = input.ids.map((id, s) => {
    const patch = input.patchIndices[s]
    return patch < 0 ? table[id] : plus(table[id], linear('model.vis_embed', input.patches[patch]))
  })
  for (let i = 0; i < L; i++) {
    const [attn, mlp] = [`model.layers.${i}.self_attn`, `model.layers.${i}.mlp`]
    const normed = x.map((row) => norm(`model.layers.${i}.input_layernorm`, row))
    const q = normed.map((row, s) => heads(linear(`${attn}.q_proj`, row)).map((head) => turn(head, s)))
    const k = normed.map((row, s) => heads(linear(`${attn}.k_proj`, row)).map((head) => turn(head, s)))
    const v = normed.map((row) => heads(linear(`${attn}.v_proj`, row)))
    const mixed = q.map((row, s) =>
      row.flatMap((head, h) => {
        const g = Math.floor(h / (H / G))
        const e = k.slice(0, s + 1).map((key) => Math.exp(dot(head, key[g]) / Math.sqrt(E)))
        const total = e.reduce((a, b) => a + b)
        return head.map((_, d) => e.reduce((sum, w, t) => sum + (w / total) * v[t][g][d], 0))
      }),
    )
    x = x.map((row, s) => {
      const residual = plus(row, linear(`${attn}.o_proj`, mixed[s]))
      const again = norm(`model.layers.${i}.post_attention_layernorm`, residual)
      const up = linear(`${mlp}.up_proj`, again)
      const act = linear(`${mlp}.gate_proj`, again).map((z, f) => (z / (1 + Math.exp(-z))) * up[f])
      return plus(residual, linear(`${mlp}.down_proj`, act))
    })
  }
  const head = config.tied ? 'model.embed_tokens' : 'lm_head'
  return x.map((row) => linear(head, norm('model.norm', row)))
}
