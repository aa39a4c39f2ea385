// store_k, store_v: the rows of this pass behind the cached ones.                            One thread an element: x = (g, e), y = s
//   rows (capacity, G * E), a row a token; k comes head first, (G, S, E), v as (S, G * E). Row s goes to row K - S + s.
import { type Kernel, kernel, WORKGROUP } from './kernel.ts'

export function storeKv(part: 'k' | 'v', G: number, E: number): Kernel {
  const from = part === 'k' ? `(id.x / ${E}u * params.S + id.y) * ${E}u + id.x % ${E}u` : `id.y * ${G * E}u + id.x`
  return kernel(
    `store_${part}`,
    { input: 'f32', rows: 'f32' },
    /* wgsl */ `
@compute @workgroup_size(${WORKGROUP})
fn store_${part}(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < ${G * E}u) { rows[(params.K - params.S + id.y) * ${G * E}u + id.x] = input[${from}]; }
}`,
  )
}
