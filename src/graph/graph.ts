// The graph of one pass: S query tokens on top of K - S cached ones. A value is written once, by one op; ops stand in
// the order of execution. S, K and P are run-time parameters of a pass; all other sizes are fixed by the checkpoint.
// A stage is a named value: 'embed', 'rope.cos', 'layers.3.q_rope', 'final_norm', 'logits' (the pass name, as in
// 'prefix.layers.3.q_rope', is put in front by whoever runs the pass).

/** A fixed size, or S (query tokens), K (keys: cached + S), P (image patches). */
export type Dim = number | 'S' | 'K' | 'P'

/** What the letters mean in one run. */
export type PassSizes = Readonly<Record<'S' | 'K' | 'P', number>>

export function resolveShape(shape: readonly Dim[], sizes: PassSizes): number[] {
  return shape.map((dim) => (typeof dim === 'number' ? dim : sizes[dim]))
}

export interface Value {
  readonly id: number
  readonly shape: readonly Dim[]
}

/** A tensor of the checkpoint, by its name there. Linear weights are (cols, inner) = (out_features, in_features). */
export interface Weight {
  readonly name: string
  readonly shape: readonly number[]
}

interface OpBase<Kind extends string> {
  readonly kind: Kind
  readonly out: Value
  /** Index of the layer it belongs to, null outside. */
  readonly layer: number | null
}

/** out[s] = table[ids[s]]: (S, D). */
interface GatherOp extends OpBase<'gather'> {
  readonly table: Weight
}

/** out = input . weight^T + bias: (rows, cols). */
interface LinearOp extends OpBase<'linear'> {
  readonly input: Value
  readonly weight: Weight
  readonly bias: Weight | null
}

/** out[s] = input[s] + rows[patchIndices[s]] where that index is not -1: (S, D). */
interface ScatterAddOp extends OpBase<'scatterAdd'> {
  readonly input: Value
  readonly rows: Value
}

/** out = input / sqrt(mean(input^2) + eps) * weight, row by row. */
interface RmsNormOp extends OpBase<'rmsNorm'> {
  readonly input: Value
  readonly weight: Weight
  readonly eps: number
}

/** (S, E): cos or sin of f32(position on the frequency's axis) * inv_freq; the second half equals the first. */
interface RotaryOp extends OpBase<'rotary'> {
  readonly part: 'cos' | 'sin'
  readonly theta: number
  /** Frequencies of the axes t, h, w, in this order; together E / 2. */
  readonly sections: readonly [number, number, number]
}

/** (heads, S, E) from input (S, heads * E): x * cos + rotate_half(x) * sin. */
interface RopeOp extends OpBase<'rope'> {
  readonly input: Value
  readonly cos: Value
  readonly sin: Value
  readonly heads: number
}

/** Appends k_rope (G, S, E) or v (S, G * E) to the cache of `layer`; out is all of it: (G, K, E) or (K, G * E). */
interface CacheOp extends OpBase<'cache'> {
  readonly part: 'k' | 'v'
  readonly input: Value
}

/** (H, S, K): softmax over the visible keys of q . k / sqrt(E); 0 where hidden. Query head h reads group floor(h * G / H). */
export interface AttnWeightsOp extends OpBase<'attnWeights'> {
  readonly q: Value
  readonly keys: Value
}

/** (S, H * E): weights times values, heads side by side. */
export interface AttnMixOp extends OpBase<'attnMix'> {
  readonly weights: Value
  readonly values: Value
}

/** attnWeights and attnMix in one, for when nobody looks at the weights: no (H, S, K) is ever held. */
export interface AttentionOp extends OpBase<'attention'> {
  readonly q: Value
  readonly keys: Value
  readonly values: Value
}

/** silu(gate) * up, silu(z) = z / (1 + exp(-z)): (S, F). */
interface SwigluOp extends OpBase<'swiglu'> {
  readonly gate: Value
  readonly up: Value
}

/** a + b, element by element. */
interface AddOp extends OpBase<'add'> {
  readonly a: Value
  readonly b: Value
}

/** Row S - 1 of input as (1, D): all that choosing the next token needs. */
interface LastRowOp extends OpBase<'lastRow'> {
  readonly input: Value
}

/**
 * (2, count) from input (1, V): the first `count` scores, then their ids. The order: what is not finite, by rising id; then
 * the ids under `below`, their scores falling, equal ones by rising id. So a first score that is finite says that all are.
 */
interface TopKOp extends OpBase<'topK'> {
  readonly input: Value
  readonly count: number
  readonly below: number
}

export type Op =
  | GatherOp
  | LinearOp
  | ScatterAddOp
  | RmsNormOp
  | RotaryOp
  | RopeOp
  | CacheOp
  | AttnWeightsOp
  | AttnMixOp
  | AttentionOp
  | SwigluOp
  | AddOp
  | LastRowOp
  | TopKOp

/** Sizes that ops share: hidden, query heads, key/value heads, head size, layers. */
export interface GraphSizes {
  readonly D: number
  readonly H: number
  readonly G: number
  readonly E: number
  readonly L: number
}

export interface Graph {
  readonly ops: readonly Op[]
  /** Values that the run is given, by stage name; 'patches' (P, 3 * p * p) is one in an image pass. */
  readonly inputs: ReadonlyMap<string, Value>
  /** Every named value that the graph computes or is given. */
  readonly stages: ReadonlyMap<string, Value>
  /** The stages that a run hands back. */
  readonly outputs: readonly string[]
  readonly sizes: GraphSizes
}

/** The values an op reads. */
export function inputsOf(op: Op): readonly Value[] {
  switch (op.kind) {
    case 'gather':
    case 'rotary':
      return []
    case 'linear':
    case 'rmsNorm':
    case 'cache':
    case 'lastRow':
    case 'topK':
      return [op.input]
    case 'scatterAdd':
      return [op.input, op.rows]
    case 'rope':
      return [op.input, op.cos, op.sin]
    case 'attnWeights':
      return [op.q, op.keys]
    case 'attnMix':
      return [op.weights, op.values]
    case 'attention':
      return [op.q, op.keys, op.values]
    case 'swiglu':
      return [op.gate, op.up]
    case 'add':
      return [op.a, op.b]
  }
}

/** Ids that no value of the graph has, one a call. */
export function freshIds({ ops, inputs }: Graph): () => number {
  let last = [...ops.map(({ out }) => out), ...inputs.values()].reduce((most, { id }) => Math.max(most, id), 0)
  return () => ++last
}
