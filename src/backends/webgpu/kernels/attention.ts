// attention: attn_weights and attn_mix in one, so that no (H, S, K) is held.       One workgroup ROWS queries of a head: x = block, y = h
//   q (H, S, E), keys and values (K, G * E), out (S, H * E)
// Online softmax, a tile of KEYS keys at a time, only where some row of the block sees any: with m the largest score so far
//   m' = max(m, scores)   p = exp(score - m')   sum = sum * exp(m - m') + p's   out = out * exp(m - m') + p . values
// and out / sum at the end. 64 / ROWS threads share a row's scores and agree on m and sum through shared memory; the (ROWS, E)
// outputs are dealt out to all threads. A tile's products are one chain over the keys that the row sees: 0 times a hidden NaN would be one.
// No infinity is needed; a row whose scores are all -Infinity never leaves NOTHING, and is NaN as it is to a softmax.
import { type AttentionTypes, type HeadSizes, scoreOf } from './attn_weights.ts'
import { keysType, readValue, valuesType } from './half.ts'
import { type Kernel, kernel, storedAs, WORKGROUP } from './kernel.ts'
import { notFinite } from './not-finite.ts'
import { visibleKeys } from './visible-keys.ts'

/** @param rows queries of a workgroup, a power of 2 up to 64: 1 where a pass has one token */
export function attention(sizes: HeadSizes, rows: number, types: AttentionTypes): Kernel {
  const { kv, q = 'f32', out = 'f32' } = types
  const { H, G, E } = sizes
  const sharing = WORKGROUP / rows
  const keys = Math.max(32, sharing)
  const own = keys / sharing
  const outputs = Math.ceil((rows * E) / WORKGROUP)
  return kernel(
    'attention',
    { q: `vec4<${q}>`, keys: keysType[kv], values: valuesType[kv], mixed: out },
    /* wgsl */ `
${visibleKeys}
${notFinite}
${scoreOf(sizes, kv)}
${readValue(kv)}
${storedAs(out)}
const NOTHING = -3.0e38;
var<workgroup> p: array<f32, ${rows * keys}>;
var<workgroup> shared_lanes: array<f32, ${WORKGROUP}>;
var<workgroup> shrink: array<f32, ${rows}>;
@compute @workgroup_size(${WORKGROUP})
fn attention(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) t: u32) {
  let h = group.y;
  let g = h * ${G}u / ${H}u;
  let s0 = group.x * ${rows}u;
  let row = t / ${sharing}u;
  let lane = t % ${sharing}u;
  let s = s0 + row;
  let last = min(s0 + ${rows - 1}u, params.S - 1u);
  var begin = 0u;
  var end = 0u;
  if (s < params.S) { begin = keys_begin(s); end = keys_end(s); }
  var top = NOTHING;
  var sum = 0.0;
  var acc: array<f32, ${outputs}>;
  for (var key0 = keys_begin(s0); key0 < keys_end(last); key0 += ${keys}u) {
    var scores: array<f32, ${own}>;
    var tile_top = top;
    for (var n = 0u; n < ${own}u; n++) {
      let key = key0 + lane + n * ${sharing}u;
      if (key >= begin && key < end) {
        scores[n] = score((h * params.S + s) * ${E / 4}u, key, g);
        tile_top = max(tile_top, scores[n]);
      }
    }
    shared_lanes[t] = tile_top;
    workgroupBarrier();
    for (var n = 0u; n < ${sharing}u; n++) { tile_top = max(tile_top, shared_lanes[row * ${sharing}u + n]); }
    workgroupBarrier();
    let before = exp(max(top - tile_top, -80.0));
    var lane_sum = 0.0;
    for (var n = 0u; n < ${own}u; n++) {
      let key = key0 + lane + n * ${sharing}u;
      var value = 0.0;
      if (key >= begin && key < end) { value = poisoned(scores[n], exp(max(scores[n] - tile_top, -80.0))); }
      p[row * ${keys}u + lane + n * ${sharing}u] = value;
      lane_sum += value;
    }
    top = tile_top;
    shared_lanes[t] = lane_sum;
    if (lane == 0u) { shrink[row] = before; }
    workgroupBarrier();
    sum *= before;
    for (var n = 0u; n < ${sharing}u; n++) { sum += shared_lanes[row * ${sharing}u + n]; }
    for (var n = 0u; n < ${outputs}u; n++) {
      let at = t + n * ${WORKGROUP}u;
      if (at >= ${rows * E}u) { continue; }
      let column = g * ${E}u + at % ${E}u;
      let first = at / ${E}u * ${keys}u;
      let seeing = min(s0 + at / ${E}u, last);
      let after = min(${keys}u, max(keys_end(seeing), key0) - key0);
      var chain = 0.0;
      for (var k = max(keys_begin(seeing), key0) - key0; k < after; k++) {
        chain += p[first + k] * value_at((key0 + k) * ${G * E}u + column);
      }
      acc[n] = acc[n] * shrink[at / ${E}u] + chain;
    }
    workgroupBarrier();
  }
  if (lane == 0u) { shrink[row] = select(sum, bitcast<f32>(bitcast<u32>(sum) | 0x7fc00000u), top <= NOTHING); }
  workgroupBarrier();
  for (var n = 0u; n < ${outputs}u; n++) {
    let at = t + n * ${WORKGROUP}u;
    let to = s0 + at / ${E}u;
    if (at < ${rows * E}u && to < params.S) { mixed[(to * ${H}u + h) * ${E}u + at % ${E}u] = stored(acc[n] / shrink[at / ${E}u]); }
  }
}`,
  )
}
