// swiglu: act (S, F) = silu(gate) * up, silu(z) = z / (1 + exp(-z)).                One thread an element: x = f, y = s
// WGSL may assume that no Infinity exists, so exp is kept from overflowing: below -80 silu is less than 1e-32, which is 0.
import { type Kernel, kernel, WORKGROUP } from './kernel.ts'

export function swiglu(F: number): Kernel {
  return kernel(
    'swiglu',
    { gate: 'f32', up: 'f32', act: 'f32' },
    /* wgsl */ `
@compute @workgroup_size(${WORKGROUP})
fn swiglu(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= ${F}u) { return; }
  let n = id.y * ${F}u + id.x;
  let z = max(gate[n], -80.0);
  act[n] = z / (1.0 + exp(-z)) * up[n];
}`,
  )
}
