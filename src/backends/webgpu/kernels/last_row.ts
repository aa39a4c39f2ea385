// last_row: out (1, D) = row S - 1 of input (S, D): all that choosing the next token needs.            One thread an element
import { type Float, type Kernel, kernel, WORKGROUP } from './kernel.ts'

export function lastRow(D: number, type: Float = 'f32'): Kernel {
  return kernel(
    'last_row',
    { input: type, row: type },
    /* wgsl */ `
@compute @workgroup_size(${WORKGROUP})
fn last_row(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x < ${D}u) { row[id.x] = input[(params.S - 1u) * ${D}u + id.x]; }
}`,
  )
}
