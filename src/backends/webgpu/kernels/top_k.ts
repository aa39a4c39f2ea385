// top_k: the first scores of a row and their ids, so that a token costs a read of a few bytes.          One workgroup a slice of SLICE
//   scores (1, V) -> first `count` of each slice, as pairs (bits of the score, id) -> of those again -> .. -> out (2, count)
// The order: what is not finite, by rising id; then the ids under `below`, falling, equal ones by rising id. Scores are looked
// at as bits, since WGSL may assume that no NaN and no Infinity exist: rank() rises with the score, and 0 is no candidate.
// Loops: each thread knows the best of its own 16 candidates; `count` rounds, each a tree over the threads, after which the
// thread that held the winner looks for its next. Tails: a slice that runs out writes pairs with the id NO_ID.
import { type Kernel, kernel } from './kernel.ts'

const THREADS = 64
const SLICE = 1024

/** What a dispatch picks from: the scores of V ids, or the pairs of the dispatch before. The last writes scores and ids. */
export interface TopKStage {
  readonly count: number
  readonly from: { readonly V: number; readonly below: number } | { readonly pairs: number }
  readonly last: boolean
}

/** Workgroups for so many candidates. */
export function slicesOf(candidates: number): number {
  return Math.ceil(candidates / SLICE)
}

export function topK({ count, from, last }: TopKStage): Kernel {
  const scores = 'V' in from
  const bits = scores ? 'input[i]' : 'input[2u * i]'
  const id = scores ? 'i' : 'input[2u * i + 1u]'
  const candidate = scores ? `i < ${from.below}u || rank(${bits}) == NOT_FINITE` : `${id} != NO_ID`
  const write = last
    ? `winners[n] = bits; winners[${count}u + n] = bitcast<u32>(f32(id));`
    : `winners[2u * (slice * ${count}u + n)] = bits; winners[2u * (slice * ${count}u + n) + 1u] = id;`
  return kernel(
    'top_k',
    { input: 'u32', winners: 'u32' },
    /* wgsl */ `
const NOT_FINITE = 0xffffffffu;
const NO_ID = 0xffffffffu;
var<workgroup> tops: array<vec2<u32>, ${THREADS}>;
fn rank(bits: u32) -> u32 {
  if ((bits & 0x7f800000u) == 0x7f800000u) { return NOT_FINITE; }
  if (bits << 1u == 0u) { return 0x80000000u; }
  return select(bits | 0x80000000u, ~bits, bits >> 31u == 1u);
}
fn id_of(i: u32) -> u32 { return ${id}; }
fn better(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
  let first = a.x > b.x || (a.x == b.x && a.x > 0u && id_of(a.y) < id_of(b.y));
  return select(b, a, first);
}
fn best(slice: u32, t: u32, used: u32) -> vec2<u32> {
  var top = vec2<u32>();
  for (var own = 0u; own < ${SLICE / THREADS}u; own++) {
    let i = slice * ${SLICE}u + own * ${THREADS}u + t;
    if (i < ${scores ? from.V : from.pairs}u && ((used >> own) & 1u) == 0u) {
      if (${candidate}) { top = better(top, vec2<u32>(rank(${bits}), i)); }
    }
  }
  return top;
}
fn write(slice: u32, n: u32, bits: u32, id: u32) { ${write} }
@compute @workgroup_size(${THREADS})
fn top_k(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) t: u32) {
  let slice = group.x;
  var used = 0u;
  var top = best(slice, t, used);
  for (var n = 0u; n < ${count}u; n++) {
    tops[t] = top;
    workgroupBarrier();
    for (var half = ${THREADS / 2}u; half > 0u; half /= 2u) {
      if (t < half) { tops[t] = better(tops[t], tops[t + half]); }
      workgroupBarrier();
    }
    let winner = tops[0];
    workgroupBarrier();
    let i = winner.y;
    if (winner.x == 0u) {
      if (t == 0u) { write(slice, n, 0u, NO_ID); }
    } else if (top.x > 0u && top.y == i) {
      write(slice, n, ${bits}, id_of(i));
      used |= 1u << (i % ${SLICE}u / ${THREADS}u);
      top = best(slice, t, used);
    }
  }
}`,
  )
}
