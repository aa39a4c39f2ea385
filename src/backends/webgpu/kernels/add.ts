// add: out (S, D) = a + b, the residual stream; one rounding, so bit-equal to PyTorch.      One thread an element: x = d, y = s
import { type Kernel, kernel, WORKGROUP } from './kernel.ts'

export function add(D: number): Kernel {
  return kernel(
    'add',
    { a: 'f32', b: 'f32', sum: 'f32' },
    /* wgsl */ `
@compute @workgroup_size(${WORKGROUP})
fn add(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= ${D}u) { return; }
  let n = id.y * ${D}u + id.x;
  sum[n] = a[n] + b[n];
}`,
  )
}
