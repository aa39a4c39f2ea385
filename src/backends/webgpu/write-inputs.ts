// What the host knows of a pass, written into registers before it runs: ids, patch numbers, given values, rotary tables. The
// tables are the reference backend's own function: f32 angles near position 4200 need more than a GPU's cos gives.

import { f32ToF16 } from '../../weights/formats/f16.ts'
import type { Pass } from '../backend.ts'
import { numericsOf } from '../reference/numerics.ts'
import { rotary } from '../reference/ops/rope.ts'
import { beyond, LARGEST_F16 } from './guard.ts'
import type { HostInput } from './plan/plan.ts'

/** @throws SailError E_GPU_F16_OVERFLOW */
export function writeInputs(
  inputs: readonly HostInput[],
  pass: Pass,
  write: (register: number, data: Int32Array | Float32Array | Uint16Array) => void,
): void {
  const { ids, given, positions, graph } = pass
  for (const input of inputs) {
    const data = ((): Int32Array | Float32Array | Uint16Array => {
      switch (input.kind) {
        case 'ids':
          return ids
        case 'patches':
          return pass.patchIndices ?? new Int32Array(ids.length).fill(-1)
        case 'given':
          return input.type === 'f16' ? halves(input.name, given.get(input.name)!.data) : given.get(input.name)!.data
        case 'rotary': {
          const out = new Float32Array(ids.length * graph.sizes.E)
          for (const _ of rotary(out, input.part, positions, input.theta, input.sections, numericsOf.f32));
          return out
        }
      }
    })()
    write(input.register, data)
  }
}

/** Whole words of f16. @throws SailError E_GPU_F16_OVERFLOW, as the device would report it */
function halves(name: string, values: Float32Array): Uint16Array {
  if (!values.every((value) => Math.abs(value) <= LARGEST_F16)) throw beyond(name)
  const words = new Uint16Array(Math.ceil(values.length / 2) * 2)
  words.set(f32ToF16(values))
  return words
}
