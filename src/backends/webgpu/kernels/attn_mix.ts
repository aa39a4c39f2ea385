// attn_mix: out (S, H * E) = weights (H, S, K) times values (K, G * E), heads side by side.   One thread an element: x = (h, e), y = s
// All K keys count, also those the mask hides: given weights may be anything. Chains of 128, block sums added in order.
import type { AttentionTypes, HeadSizes } from './attn_weights.ts'
import { readValue, valuesType } from './half.ts'
import { type Kernel, kernel, storedAs, WORKGROUP } from './kernel.ts'

const CHAIN = 128

export function attnMix({ H, G, E }: HeadSizes, { kv, out = 'f32' }: AttentionTypes): Kernel {
  return kernel(
    'attn_mix',
    { weights: 'f32', values: valuesType[kv], mixed: out },
    /* wgsl */ `
${readValue(kv)}
${storedAs(out)}
@compute @workgroup_size(${WORKGROUP})
fn attn_mix(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= ${H * E}u) { return; }
  let h = id.x / ${E}u;
  let row = (h * params.S + id.y) * params.K;
  let column = h * ${G}u / ${H}u * ${E}u + id.x % ${E}u;
  var sum = 0.0;
  for (var begin = 0u; begin < params.K; begin += ${CHAIN}u) {
    var chain = 0.0;
    for (var k = begin; k < min(begin + ${CHAIN}u, params.K); k++) { chain += weights[row + k] * value_at(k * ${G * E}u + column); }
    sum += chain;
  }
  mixed[id.y * ${H * E}u + id.x] = stored(sum);
}`,
  )
}
