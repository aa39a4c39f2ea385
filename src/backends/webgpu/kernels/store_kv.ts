// store_k, store_v: the rows of this pass behind the cached ones.                            One thread an element: x = (g, e), y = s
//   rows (capacity, G * E), a row a token; k comes head first, (G, S, E), v as (S, G * E). Row s goes to row K - S + s.
// In f16 a thread has two neighbours, a word; a head is never cut in between, since its size is a multiple of 4.
import { narrow } from './half.ts'
import { type Float, type Kernel, kernel, WORKGROUP } from './kernel.ts'

/** @param kv type of the rows   @param input of what comes */
export function storeKv(part: 'k' | 'v', G: number, E: number, kv: Float, input: Float = 'f32'): Kernel {
  if (kv === 'f16') return storeHalves(part, G, E, input)
  const from = source(part, G, E, 'id.x')
  return kernel(
    `store_${part}`,
    { input, rows: 'f32' },
    /* wgsl */ `
@compute @workgroup_size(${WORKGROUP})
fn store_${part}(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < ${G * E}u) { rows[(params.K - params.S + id.y) * ${G * E}u + id.x] = f32(input[${from}]); }
}`,
  )
}

function storeHalves(part: 'k' | 'v', G: number, E: number, input: Float): Kernel {
  const words = (G * E) / 2
  return kernel(
    `store_${part}_f16`,
    { input, rows: 'u32' },
    /* wgsl */ `
${narrow}
@compute @workgroup_size(${WORKGROUP})
fn store_${part}_f16(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= ${words}u) { return; }
  let n = ${source(part, G, E, '(2u * id.x)')};
  let low = f32(input[n]);
  let high = f32(input[n + 1u]);
  guard(low);
  guard(high);
  rows[(params.K - params.S + id.y) * ${words}u + id.x] = narrow(low) | (narrow(high) << 16u);
}`,
    { guarded: true },
  )
}

/** Where value c of row id.y stands in the input. */
function source(part: 'k' | 'v', G: number, E: number, c: string): string {
  return part === 'k' ? `(${c} / ${E}u * params.S + id.y) * ${E}u + ${c} % ${E}u` : `id.y * ${G * E}u + ${c}`
}
