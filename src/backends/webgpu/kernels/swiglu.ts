// swiglu: act (S, F) = silu(gate) * up, silu(z) = z / (1 + exp(-z)).                One thread an element: x = f, y = s
// WGSL may assume that no Infinity exists, so exp is kept from overflowing: below -80 silu is less than 1e-32, which is 0.
// A gate that is not finite goes in as it is: silu(-Infinity) is NaN.
import { type Float, type Kernel, kernel, storedAs, WORKGROUP } from './kernel.ts'
import { notFinite } from './not-finite.ts'

/** @param type of inputs and output */
export function swiglu(F: number, type: Float = 'f32'): Kernel {
  return kernel(
    'swiglu',
    { gate: type, up: type, act: type },
    /* wgsl */ `
${storedAs(type)}
${notFinite}
@compute @workgroup_size(${WORKGROUP})
fn swiglu(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= ${F}u) { return; }
  let n = id.y * ${F}u + id.x;
  let x = f32(gate[n]);
  let z = select(max(x, -80.0), x, not_finite(x));
  act[n] = stored(z / (1.0 + exp(-z)) * f32(up[n]));
}`,
  )
}
