// An axis of a grid ends at 65,535 workgroups on most adapters, and kernels lay a row of S along one: a pass of more tokens
// is refused before anything of it is made or submitted.
import { SailError } from '../../../errors.ts'
import type { PassSizes } from '../../../graph/graph.ts'
import type { Plan } from './plan.ts'

/** @param most workgroups along an axis   @throws SailError E_GPU_VALUE_SIZE */
export function checkGrid({ steps }: Plan, sizes: PassSizes, most: number): void {
  for (const { dispatches } of steps)
    for (const { kernel, grid } of dispatches) {
      const found = Math.max(...grid(sizes))
      if (!(found <= most)) throw tooMany(kernel.name, sizes, { found, most })
    }
}

function tooMany(name: string, { S }: PassSizes, { found, most }: { readonly found: number; readonly most: number }) {
  return new SailError('E_GPU_VALUE_SIZE', {
    file: 'webgpu',
    place: `${name} of a pass of ${S} tokens`,
    expected: `at most ${most} workgroups along an axis, what this adapter allows`,
    found: `${found}`,
    hint: 'ask something shorter, or use backend wasm',
  })
}
