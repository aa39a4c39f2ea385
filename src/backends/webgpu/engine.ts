// Runs graphs on the device. A graph becomes a plan once for passes of one token and once for longer ones; a pass writes its
// inputs and sizes, then walks the plan into one command buffer: one submission, unless its work would keep the device busy
// for too long or outputs are taken one by one. Buffers and bind groups of a token are those of the token before it.
import type { Graph, PassSizes } from '../../graph/graph.ts'
import type { F32Tensor } from '../../tensor.ts'
import type { Engine, EngineInfo, LoadRequest, Pass, Profiler } from '../backend.ts'
import { ownCache } from '../check-cache.ts'
import { checkPass } from '../check-pass.ts'
import type { Gpu } from './gpu/gpu.ts'
import { GpuCache } from './kv-cache.ts'
import { type Bound, type Buffers, bind, bufferOf } from './plan/bind.ts'
import { buildPlan } from './plan/build-plan.ts'
import type { Plan } from './plan/plan.ts'
import { type Submission, submissions } from './plan/submissions.ts'
import { PassTimer } from './profile/pass-timer.ts'
import { Timestamps } from './profile/timestamps.ts'
import { ReadBack } from './read-back.ts'
import { Scratch } from './scratch.ts'
import type { UniformRing } from './uniform-ring.ts'
import type { GpuWeights } from './weights/gpu-weights.ts'
import { writeInputs } from './write-inputs.ts'

export interface EngineSetup {
  readonly info: EngineInfo
  readonly dims: LoadRequest['config']['dims']
  readonly gpu: Gpu
  readonly weights: GpuWeights
  readonly ring: UniformRing
  readonly profiler: Profiler | null
}

interface Planned {
  readonly plan: Plan
  bound: Bound | null
}

interface Run {
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

type HandOut = (name: string, shape: readonly number[], data: Float32Array) => Promise<void>

export class GpuEngine implements Engine {
  readonly info: EngineInfo
  readonly #setup: EngineSetup
  readonly #scratch: Scratch
  readonly #readBack: ReadBack
  readonly #plans = new WeakMap<Graph, Map<boolean, Planned>>()
  #timestamps: Timestamps | null = null
  #closed = false

  constructor(setup: EngineSetup) {
    this.info = setup.info
    this.#setup = setup
    this.#scratch = new Scratch(setup.gpu)
    this.#readBack = new ReadBack(setup.gpu)
  }

  createCache(): GpuCache {
    return new GpuCache(this, this.#setup.gpu, this.#setup.dims)
  }

  /** @throws SailError of `checkPass`, E_GPU_LOST, E_MEMORY, E_GPU_VALUE_SIZE, E_GPU_INVALID; signal.reason */
  async run(pass: Pass): Promise<Map<string, F32Tensor>> {
    const cache = ownCache(GpuCache, pass.cache, this, this.#closed)
    const sizes = checkPass(pass, this.#setup.dims.V)
    pass.signal?.throwIfAborted()
    const before = cache.length
    let after = before
    await cache.begin(sizes.K)
    try {
      const outputs = await this.#execute(pass, sizes, cache)
      if (pass.keep) after = sizes.K
      return outputs
    } finally {
      cache.end(after)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#setup.gpu.close()
  }

  async #execute(pass: Pass, sizes: PassSizes, cache: GpuCache): Promise<Map<string, F32Tensor>> {
    const { gpu, ring } = this.#setup
    const planned = this.#planOf(pass.graph, sizes.S === 1)
    const { plan } = planned
    const buffers: Buffers = { gpu, scratch: this.#scratch, cache, uniform: ring.buffer }
    await this.#scratch.fit(plan, sizes)
    if (!planned.bound?.fits(buffers)) planned.bound = await bind(plan, buffers)

    const results = new Map<string, F32Tensor>()
    const handOut: HandOut = async (name, shape, data) => {
      const tensor = { dtype: 'F32', shape, data } as const
      if (pass.onOutput === undefined) results.set(name, tensor)
      else await pass.onOutput(name, tensor)
    }
    for (const name of plan.givenBack) {
      const { shape, data } = pass.given.get(name)!
      await handOut(name, shape, data)
    }
    await gpu.guarded('inputs of a pass', () =>
      writeInputs(plan.inputs, pass, (register, data) => {
        gpu.device.queue.writeBuffer(this.#scratch.buffer(register), 0, data as Float32Array<ArrayBuffer>)
      }),
    )
    const timer = await this.#timer(plan, pass, sizes)
    const run = { pass, sizes, plan, bound: planned.bound, buffers, offset: ring.write(sizes, pass.mask), timer }
    const oneByOne = pass.onOutput !== undefined
    const limits = { flops: gpu.tuning.flops, oneByOne, steps: timer?.steps ?? Number.POSITIVE_INFINITY }
    for (const submission of submissions(plan.steps, sizes, limits)) {
      pass.signal?.throwIfAborted()
      const submit = (): Promise<void> => this.#submit(submission, run, handOut)
      await (timer === null ? submit() : timer.time(submission.from, submission.to, submit))
    }
    if (timer !== null) this.#setup.profiler?.take(timer.profile)
    return results
  }

  async #timer(plan: Plan, { mask, graph }: Pass, sizes: PassSizes): Promise<PassTimer | null> {
    const { gpu, profiler, weights } = this.#setup
    if (!profiler?.active) return null
    if (gpu.device.features.has('timestamp-query')) this.#timestamps ??= await Timestamps.make(gpu)
    return new PassTimer(this.#timestamps, plan, { sizes, mask, heads: graph.sizes, weights })
  }

  async #submit(submission: Submission, run: Run, handOut: HandOut): Promise<void> {
    const { gpu } = this.#setup
    const { signal } = run.pass
    const { outputs, bytes } = submission
    const target = await this.#readBack.fit(Math.max(4, bytes), signal)
    const said = gpu.guarded('a pass', () => gpu.device.queue.submit([encode(submission, run, target)]))
    const [refused, read] = await Promise.allSettled([said, this.#readBack.read(Math.max(4, bytes), signal)])
    if (refused.status === 'rejected') throw refused.reason
    if (read.status === 'rejected') throw read.reason
    for (const { output, shape, at, bytes: size } of outputs)
      await handOut(output.name, shape, new Float32Array(read.value, at, size / 4))
  }

  #planOf(graph: Graph, single: boolean): Planned {
    const { weights, gpu } = this.#setup
    const plans = this.#plans.get(graph) ?? new Map<boolean, Planned>()
    this.#plans.set(graph, plans)
    const planned = plans.get(single) ?? {
      plan: buildPlan(graph, { weights, tuning: gpu.tuning, single }),
      bound: null,
    }
    plans.set(single, planned)
    return planned
  }
}

/** The commands of a submission: dispatches in order, and each output copied to `target` as soon as it is there. */
function encode({ from, to, outputs }: Submission, run: Run, target: GPUBuffer): GPUCommandBuffer {
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
  timestamps?.resolve(encoder, to - from)
  return encoder.finish()
}
