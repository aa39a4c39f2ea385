// The graph of one pass: S query tokens on top of K - S cached ones. A value is written once, by one op; ops stand in
// the order of execution. S, K and P are run-time parameters of a pass; all other sizes are fixed by the checkpoint.
// A stage is a named value: 'embed', 'rope.cos', 'layers.3.q_rope', 'final_norm', 'logits' (the pass name, as in
// 'prefix.layers.3.q_rope', is put in front by whoever runs the pass).

/** A fixed size, or S (query tokens), K (keys: cached + S), P (image patches). */
export type Dim = number | 'S' | 'K' | 'P'

export interface Value {
  readonly id: number
  readonly shape: readonly Dim[]
}

/** A tensor of the checkpoint, by its name there. Linear weights are (cols, inner) = (out_features, in_features). */
export interface Weight {
  readonly name: string
  readonly shape: readonly number[]
}

export type Op = { readonly out: Value; /** Index of the layer it belongs to, null outside. */ readonly layer: number | null } & (
  | { /** out[s] = table[ids[s]], (S, D) */ readonly kind: 'gather'; readonly table: Weight }
  | { /** out = input . weight^T + bias, f32 */ readonly kind: 'linear'; readonly input: Value; readonly weight: Weight; readonly bias: Weight | null }
  | { /** out[s] = input[s] + rows[patchIndices[s]] where that index is not -1 */ readonly kind: 'scatterAdd'; readonly input: Value; readonly rows: Value }
  | { /** out = input / sqrt(mean(input^2) + eps) * weight, row by row */ readonly kind: 'rmsNorm'; readonly input: Value; readonly weight: Weight; readonly eps: number }
  | { /** (S, E): cos or sin of f32(position of the frequency's axis) * inv_freq; second half = first half */ readonly kind: 'rotary'; readonly part: 'cos' | 'sin'; readonly theta: number; readonly sections: readonly [number, number, number] }
  | { /** (heads, S, E) from input (S, heads * E): x * cos + rotate_half(x) * sin */ readonly kind: 'rope'; readonly input: Value; readonly cos: Value; readonly sin: Value; readonly heads: number }
  | { /** Appends k_rope (G, S, E) or v (S, G * E) to the cache of `layer`; out is all of it: (G, K, E) or (K, G * E) */ readonly kind: 'cache'; readonly part: 'k' | 'v'; readonly input: Value }
  | { /** (H, S, K): softmax over the visible keys of q . k / sqrt(E); 0 where hidden */ readonly kind: 'attnWeights'; readonly q: Value; readonly keys: Value }
  | { /** (S, H * E): weights times values, heads side by side; query head h reads group h * G / H */ readonly kind: 'attnMix'; readonly weights: Value; readonly values: Value }
  | { /** attnWeights and attnMix in one, for when nobody looks at the weights: no (H, S, K) is ever held */ readonly kind: 'attention'; readonly q: Value; readonly keys: Value; readonly values: Value }
  | { /** silu(gate) * up */ readonly kind: 'swiglu'; readonly gate: Value; readonly up: Value }
  | { readonly kind: 'add'; readonly a: Value; readonly b: Value }
  | { /** Row S - 1 of input as (1, D): all that choosing the next token needs */ readonly kind: 'lastRow'; readonly input: Value }
)

export interface Graph {
  readonly ops: readonly Op[]
  /** Values that the run is given, by stage name; 'patches' (P, 3 * p * p) is one in an image pass. */
  readonly inputs: ReadonlyMap<string, Value>
  /** Every named value that the graph computes or is given. */
  readonly stages: ReadonlyMap<string, Value>
  /** The stages that a run hands back. */
  readonly outputs: readonly string[]
  /** Sizes that ops share. */
  readonly sizes: { readonly D: number; readonly H: number; readonly G: number; readonly E: number; readonly L: number }
}
