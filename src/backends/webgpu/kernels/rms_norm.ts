// rms_norm: out (S, D) = x / sqrt(mean(x^2) + eps) * weight, row by row.                              One workgroup a row
// Thread t sums the squares of elements t, t + threads, .. in chains of at most 128; a tree adds the threads.
import { type Float, type Kernel, kernel, storedAs } from './kernel.ts'
import { reduceOver } from './reduce.ts'

const THREADS = 128
const CHAIN = 128

export function rmsNorm(D: number, eps: number, out: Float = 'f32'): Kernel {
  return kernel(
    'rms_norm',
    { x: 'f32', weight: 'f32', normed: out },
    /* wgsl */ `
const D = ${D}u;
${storedAs(out)}
${reduceOver(THREADS, 'sum')}
@compute @workgroup_size(${THREADS})
fn rms_norm(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) t: u32) {
  let row = group.x * D;
  var squares = 0.0;
  for (var begin = t; begin < D; begin += ${THREADS * CHAIN}u) {
    var chain = 0.0;
    for (var d = begin; d < min(begin + ${THREADS * CHAIN}u, D); d += ${THREADS}u) { chain += x[row + d] * x[row + d]; }
    squares += chain;
  }
  let scale = 1.0 / sqrt(reduce_sum(squares, t) / ${D}.0 + ${wgslFloat(eps)});
  for (var d = t; d < D; d += ${THREADS}u) { normed[row + d] = stored(x[row + d] * scale * weight[d]); }
}`,
  )
}

/** The f32 nearest to a number, as WGSL reads it back. */
export function wgslFloat(value: number): string {
  const text = Math.fround(value).toPrecision(9)
  return `f32(${/[.e]/.test(text) ? text : `${text}.0`})`
}
