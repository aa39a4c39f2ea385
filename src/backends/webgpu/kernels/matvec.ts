// matvec_<format>: out[c] = sum over i of x[i] * w[c, i] (+ bias[c]), one row: decode reads every weight once, so what counts
// is that neighbouring threads read neighbouring bytes and that no byte is read twice.          One workgroup a panel of 8 columns
// Loops: thread t takes steps t, t + threads, ..: 4 values of inner in 8 columns; chains of at most 128 products, block sums
// added in order; then the threads are added, by subgroups where the adapter has them, else by a tree in shared memory.
// Panels lie along the grid: x up to GRID, then y.
import { type Kernel, kernel, storedAs } from './kernel.ts'
import { type LinearVariant, linearBuffers, readShape } from './linear-shape.ts'
import { loadX, unpack } from './unpack.ts'

/** Most workgroups along x. */
export const GRID = 32768

/** Steps of one chain: 128 products. */
const CHAIN_STEPS = 32

export function matvec(variant: LinearVariant, threads: number, subgroups: boolean): Kernel {
  const { format, whole, bias, y = 'f32' } = variant
  const name = `matvec_${format}`
  const stride = CHAIN_STEPS * threads
  return kernel(
    name,
    linearBuffers(variant),
    /* wgsl */ `
${loadX(whole)}
${storedAs(y)}
${subgroups ? subgroupSum(threads) : treeSum(threads)}
@compute @workgroup_size(${threads})
fn ${name}(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) t: u32
  ${subgroups ? ', @builtin(subgroup_size) lanes: u32' : ''}) {
  ${readShape}
  let panel = group.y * ${GRID}u + group.x;
  let steps = (inner + 3u) / 4u;
  var low_sum = vec4<f32>();
  var high_sum = vec4<f32>();
  for (var begin = t; begin < steps; begin += ${stride}u) {
    var low_chain = vec4<f32>();
    var high_chain = vec4<f32>();
    for (var step = begin; step < min(begin + ${stride}u, steps); step += ${threads}u) {
      let x4 = load_x(0u, step, inner);
      ${unpack(format)}
      low_chain += x4.x * l0; high_chain += x4.x * h0;
      low_chain += x4.y * l1; high_chain += x4.y * h1;
      low_chain += x4.z * l2; high_chain += x4.z * h2;
      low_chain += x4.w * l3; high_chain += x4.w * h3;
    }
    low_sum += low_chain;
    high_sum += high_chain;
  }
  add_threads(low_sum, high_sum, t${subgroups ? ', lanes' : ''});
  let c = panel * 8u + t;
  if (t < 8u && c < cols) { y[first_col + c] = stored(sums[t / 4u][t % 4u]${bias ? ' + bias[first_col + c]' : ''}); }
}`,
    subgroups ? { enable: 'enable subgroups;' } : {},
  )
}

/** Leaves the sums of columns 0 .. 3 and 4 .. 7 in sums[0] and sums[1]. */
const treeSum = (threads: number): string => /* wgsl */ `
var<workgroup> sums: array<vec4<f32>, ${2 * threads}>;
fn add_threads(low: vec4<f32>, high: vec4<f32>, t: u32) {
  sums[2u * t] = low;
  sums[2u * t + 1u] = high;
  workgroupBarrier();
  for (var half = ${threads / 2}u; half > 0u; half /= 2u) {
    if (t < half) {
      sums[2u * t] += sums[2u * (t + half)];
      sums[2u * t + 1u] += sums[2u * (t + half) + 1u];
    }
    workgroupBarrier();
  }
}`

/** The lanes of a subgroup by its own instruction, then the subgroups in order. */
const subgroupSum = (threads: number): string => /* wgsl */ `
var<workgroup> sums: array<vec4<f32>, ${2 * threads}>;
fn add_threads(low: vec4<f32>, high: vec4<f32>, t: u32, lanes: u32) {
  let low_lanes = subgroupAdd(low);
  let high_lanes = subgroupAdd(high);
  if (t % lanes == 0u) {
    sums[t / lanes * 2u] = low_lanes;
    sums[t / lanes * 2u + 1u] = high_lanes;
  }
  workgroupBarrier();
  if (t < 2u) {
    for (var n = 1u; n < (${threads}u + lanes - 1u) / lanes; n++) { sums[t] += sums[2u * n + t]; }
  }
  workgroupBarrier();
}`
