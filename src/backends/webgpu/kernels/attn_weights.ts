// attn_weights: out (H, S, K) = softmax over the visible keys of q . k / sqrt(E), 0 where hidden.   One workgroup a row: x = s, y = h
//   q (H, S, E), keys (K, G * E); query head h reads group floor(h * G / H). Thread t takes keys t, t + threads, ..; each dot
// is one chain of E products. Three walks over the row: scores and their maximum, exponentials and their sum, the quotient.
import { keysType, readKey } from './half.ts'
import { type Float, type Kernel, kernel, WORKGROUP } from './kernel.ts'
import { notFinite } from './not-finite.ts'
import { reduceOver } from './reduce.ts'
import { wgslFloat } from './rms_norm.ts'
import { visibleKeys } from './visible-keys.ts'

/** How what attention reads and writes is stored. */
export interface AttentionTypes {
  readonly kv: Float
  readonly q?: Float
  readonly out?: Float
}

export interface HeadSizes {
  readonly H: number
  readonly G: number
  readonly E: number
}

/** fn score(q_at, key, g) -> f32, in vectors of 4 along E. */
export function scoreOf({ G, E }: HeadSizes, kv: Float): string {
  return /* wgsl */ `
${readKey(kv)}
fn score(q_at: u32, key: u32, g: u32) -> f32 {
  let at = (key * ${G}u + g) * ${E / 4}u;
  var sum = vec4<f32>();
  for (var e = 0u; e < ${E / 4}u; e++) { sum += vec4<f32>(q[q_at + e]) * key4(at + e); }
  return ((sum.x + sum.y) + (sum.z + sum.w)) * ${wgslFloat(1 / Math.sqrt(E))};
}`
}

export function attnWeights(sizes: HeadSizes, { kv, q = 'f32' }: AttentionTypes): Kernel {
  const { H, G, E } = sizes
  return kernel(
    'attn_weights',
    { q: `vec4<${q}>`, keys: keysType[kv], weights: 'f32' },
    /* wgsl */ `
${visibleKeys}
${notFinite}
${scoreOf(sizes, kv)}
${reduceOver(WORKGROUP, 'sum')}
${reduceOver(WORKGROUP, 'max')}
@compute @workgroup_size(${WORKGROUP})
fn attn_weights(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) t: u32) {
  let s = group.x;
  let h = group.y;
  let row = (h * params.S + s) * params.K;
  let begin = keys_begin(s);
  let end = keys_end(s);
  var top = -3.0e38;
  for (var k = t; k < params.K; k += ${WORKGROUP}u) {
    var value = 0.0;
    if (k >= begin && k < end) {
      value = score((h * params.S + s) * ${E / 4}u, k, h * ${G}u / ${H}u);
      top = max(top, value);
    }
    weights[row + k] = value;
  }
  top = reduce_max(top, t);
  let skipped = (begin + ${WORKGROUP - 1}u - t) / ${WORKGROUP}u * ${WORKGROUP}u;
  var sum = 0.0;
  for (var k = t + skipped; k < end; k += ${WORKGROUP}u) {
    let value = poisoned(weights[row + k], exp(weights[row + k] - top));
    weights[row + k] = value;
    sum += value;
  }
  sum = reduce_sum(sum, t);
  for (var k = t + skipped; k < end; k += ${WORKGROUP}u) { weights[row + k] = weights[row + k] / sum; }
}`,
  )
}
