// The commands of a submission: its dispatches in order, each output copied to the buffer that is read back as soon as it is
// there, and behind the outputs the flag of the guard.
import type { PassSizes } from '../../graph/graph.ts'
import type { Pass } from '../backend.ts'
import { type Bound, type Buffers, bufferOf } from './plan/bind.ts'
import type { Plan } from './plan/plan.ts'
import type { Submission } from './plan/submissions.ts'
import type { PassTimer } from './profile/pass-timer.ts'

export interface Run {
  readonly pass: Pass
  readonly sizes: PassSizes
  readonly plan: Plan
  readonly bound: Bound
  readonly buffers: Buffers
  /** Where the sizes of this pass lie in the uniform ring. */
  readonly offset: number
  /** Where the pass is profiled. */
  readonly timer: PassTimer | null
}

/** Of the guard's flag. */
export const FLAG_BYTES = 4

export function encode({ from, to, outputs, bytes }: Submission, run: Run, target: GPUBuffer): GPUCommandBuffer {
  const { plan, sizes, bound, buffers, offset, timer } = run
  const timestamps = timer?.timestamps ?? null
  const encoder = buffers.gpu.device.createCommandEncoder()
  let compute: GPUComputePassEncoder | null = null
  for (let step = from; step < to; step++) {
    for (const [i, { grid }] of plan.steps[step].dispatches.entries()) {
      const { pipeline, group } = bound.steps[step][i]
      compute ??= encoder.beginComputePass(
        timestamps === null ? {} : { timestampWrites: timestamps.writes(step - from) },
      )
      compute.setPipeline(pipeline)
      compute.setBindGroup(0, group, [offset])
      compute.dispatchWorkgroups(...grid(sizes))
    }
    if (timestamps !== null) {
      compute?.end()
      compute = null
    }
    for (const placed of outputs.filter((output) => output.step === step)) {
      compute?.end()
      compute = null
      encoder.copyBufferToBuffer(bufferOf(placed.output.source, buffers), 0, target, placed.at, placed.bytes)
    }
  }
  compute?.end()
  if (plan.guarded) encoder.copyBufferToBuffer(buffers.guard.flag, 0, target, bytes, FLAG_BYTES)
  timestamps?.resolve(encoder, to - from)
  return encoder.finish()
}
