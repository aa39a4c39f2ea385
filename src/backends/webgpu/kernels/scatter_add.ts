// scatter_add: out (S, D) = input + rows[patch[s]] where patch[s] is not -1, else input.    One thread an element: x = d, y = s
import { type Kernel, kernel, WORKGROUP } from './kernel.ts'

export function scatterAdd(D: number): Kernel {
  return kernel(
    'scatter_add',
    { input: 'f32', rows: 'f32', patches: 'i32', seen: 'f32' },
    /* wgsl */ `
@compute @workgroup_size(${WORKGROUP})
fn scatter_add(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= ${D}u) { return; }
  let n = id.y * ${D}u + id.x;
  let patch_index = patches[id.y];
  if (patch_index < 0) {
    seen[n] = input[n];
  } else {
    seen[n] = input[n] + rows[u32(patch_index) * ${D}u + id.x];
  }
}`,
  )
}
