// cos and sin of a pass's rotary angles, by the reference backend's own function: (S, E) each, the same for all layers.
import { numericsOf } from '../reference/numerics.ts'
import { rotary } from '../reference/ops/rope.ts'
import type { ProgramInput } from './plan/program.ts'

export function rotaryTable(
  { part, theta, sections }: Extract<ProgramInput, { readonly kind: 'rotary' }>,
  positions: Int32Array,
  E: number,
): Float32Array {
  const out = new Float32Array((positions.length / 3) * E)
  for (const _ of rotary(out, part, positions, theta, sections, numericsOf.f32));
  return out
}
