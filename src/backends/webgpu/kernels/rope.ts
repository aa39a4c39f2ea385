// rope: out (heads, S, E) from input (S, heads * E); frequency j turns the pair (x[j], x[j + E/2]):
//   out[j] = x[j] * cos[j] - x[j + E/2] * sin[j]      out[j + E/2] = x[j + E/2] * cos[j] + x[j] * sin[j]
// cos and sin (S, E) are tables made on the CPU from f32 angles, as upstream's.         One thread an element: x = (head, e), y = s
import { type Float, type Kernel, kernel, storedAs, WORKGROUP } from './kernel.ts'

/** @param type of input and output */
export function rope(heads: number, E: number, type: Float = 'f32'): Kernel {
  return kernel(
    'rope',
    { input: type, cosines: 'f32', sines: 'f32', turned: type },
    /* wgsl */ `
const E = ${E}u;
${storedAs(type)}
@compute @workgroup_size(${WORKGROUP})
fn rope(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= ${heads * E}u) { return; }
  let s = id.y;
  let head = id.x / E;
  let e = id.x % E;
  let n = s * ${heads * E}u + id.x;
  var other = 0.0;
  if (e < E / 2u) { other = -f32(input[n + E / 2u]); } else { other = f32(input[n - E / 2u]); }
  turned[(head * params.S + s) * E + e] = stored(f32(input[n]) * cosines[s * E + e] + other * sines[s * E + e]);
}`,
  )
}
