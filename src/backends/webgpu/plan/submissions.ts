// Cuts a pass into submissions: one, unless the work would keep the device busy for too long, the outputs together are large,
// each output is taken as soon as it is made, or a profile can only time so many steps at once.
import { type PassSizes, resolveShape } from '../../../graph/graph.ts'
import { sizeOf } from '../../../tensor.ts'
import { bytesOf, type Output, type Step } from './plan.ts'

/** Steps [from, to), and where their outputs go in the buffer that is read back. */
export interface Submission {
  readonly from: number
  readonly to: number
  readonly outputs: readonly Placed[]
  readonly bytes: number
}

export interface Placed {
  readonly output: Output
  readonly step: number
  readonly shape: readonly number[]
  readonly at: number
  readonly bytes: number
}

interface Limits {
  readonly flops: number
  readonly oneByOne: boolean
  readonly steps: number
}

/** Bytes that are read back at once, as far as single outputs are smaller. */
const READ_BYTES = 2 ** 28

export function submissions(
  steps: readonly Step[],
  sizes: PassSizes,
  { flops: most, oneByOne, steps: mostSteps }: Limits,
): Submission[] {
  const made: Submission[] = []
  let from = 0
  let flops = 0
  let outputs: Placed[] = []
  let bytes = 0
  const close = (to: number): void => {
    made.push({ from, to, outputs, bytes })
    from = to
    flops = 0
    outputs = []
    bytes = 0
  }
  for (const [step, { dispatches, outputs: handed }] of steps.entries()) {
    const work = dispatches.reduce((sum, dispatch) => sum + dispatch.flops(sizes), 0)
    if (step > from && (flops + work > most || step - from === mostSteps)) close(step)
    flops += work
    for (const output of handed) {
      const shape = resolveShape(output.shape, sizes)
      const size = bytesOf(sizeOf(shape), output.type)
      outputs.push({ output, step, shape, at: bytes, bytes: size })
      bytes += size
    }
    if (step + 1 === steps.length || (outputs.length > 0 && (oneByOne || bytes > READ_BYTES))) close(step + 1)
  }
  return made
}
