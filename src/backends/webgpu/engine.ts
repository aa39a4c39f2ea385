// Runs graphs on the device. A graph becomes a plan once for passes of one token and once for longer ones; a pass writes its
// inputs and sizes, then walks the plan into one command buffer: one submission, unless its work would keep the device busy
// for too long or outputs are taken one by one. Buffers and bind groups of a token are those of the token before it.
import type { Graph, PassSizes } from '../../graph/graph.ts'
import { type F32Tensor, sizeOf } from '../../tensor.ts'
import { f16ToF32 } from '../../weights/formats/f16.ts'
import type { Engine, EngineInfo, LoadRequest, Pass, Profiler } from '../backend.ts'
import { ownCache } from '../check-cache.ts'
import { checkPass } from '../check-pass.ts'
import { encode, FLAG_BYTES, type Run } from './encode.ts'
import type { Gpu } from './gpu/gpu.ts'
import { checkFlag, type Guard } from './guard.ts'
import type { Float } from './kernels/kernel.ts'
import { GpuCache } from './kv-cache.ts'
import { type Bound, type Buffers, bind } from './plan/bind.ts'
import { buildPlan } from './plan/build-plan.ts'
import { checkGrid } from './plan/check-grid.ts'
import type { Plan } from './plan/plan.ts'
import { type Submission, submissions } from './plan/submissions.ts'
import { PassTimer } from './profile/pass-timer.ts'
import { Timestamps } from './profile/timestamps.ts'
import { ReadBack } from './read-back.ts'
import { Scratch } from './scratch.ts'
import type { GpuSettings } from './settings.ts'
import type { UniformRing } from './uniform-ring.ts'
import type { GpuWeights } from './weights/gpu-weights.ts'
import { writeInputs } from './write-inputs.ts'

export interface EngineSetup {
  readonly info: EngineInfo
  readonly dims: LoadRequest['config']['dims']
  readonly gpu: Gpu
  readonly weights: GpuWeights
  readonly ring: UniformRing
  readonly guard: Guard
  readonly formats: Pick<GpuSettings, 'activations' | 'kv'>
  readonly profiler: Profiler | null
}

interface Planned {
  readonly plan: Plan
  bound: Bound | null
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
    const { gpu, dims, formats } = this.#setup
    return new GpuCache(this, gpu, dims, formats.kv)
  }

  /** @throws SailError of `checkPass`, E_GPU_F16_OVERFLOW, E_GPU_LOST, E_MEMORY, E_GPU_VALUE_SIZE, E_GPU_INVALID; signal.reason */
  async run(pass: Pass): Promise<Map<string, F32Tensor>> {
    const cache = ownCache(GpuCache, pass.cache, this, this.#closed)
    const sizes = checkPass(pass, this.#setup.dims.V)
    pass.signal?.throwIfAborted()
    const planned = this.#planOf(pass.graph, sizes.S === 1)
    checkGrid(planned.plan, sizes, this.#setup.gpu.device.limits.maxComputeWorkgroupsPerDimension)
    const before = cache.length
    let after = before
    await cache.begin(sizes.K)
    try {
      const outputs = await this.#execute(pass, planned, sizes, cache)
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

  async #execute(pass: Pass, planned: Planned, sizes: PassSizes, cache: GpuCache): Promise<Map<string, F32Tensor>> {
    const { gpu, ring, guard } = this.#setup
    const { plan } = planned
    const buffers: Buffers = { gpu, scratch: this.#scratch, cache, uniform: ring.buffer, guard }
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
    const offset = await gpu.guarded('inputs of a pass', () => {
      if (plan.guarded) guard.reset()
      writeInputs(plan.inputs, pass, (register, data) => {
        gpu.device.queue.writeBuffer(this.#scratch.buffer(register), 0, data as ArrayBufferView<ArrayBuffer>)
      })
      return ring.write(sizes, pass.mask)
    })
    const timer = await this.#timer(plan, pass, sizes)
    const run = { pass, sizes, plan, bound: planned.bound, buffers, offset, timer }
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
    const { gpu, profiler, weights, formats } = this.#setup
    if (!profiler?.active) return null
    if (gpu.device.features.has('timestamp-query')) this.#timestamps ??= await Timestamps.make(gpu)
    return new PassTimer(this.#timestamps, plan, { sizes, mask, heads: graph.sizes, weights, formats })
  }

  async #submit(submission: Submission, run: Run, handOut: HandOut): Promise<void> {
    const { gpu } = this.#setup
    const { pass, plan } = run
    const { outputs, bytes } = submission
    const whole = Math.max(4, bytes + (plan.guarded ? FLAG_BYTES : 0))
    const target = await this.#readBack.fit(whole, pass.signal)
    const said = gpu.guarded('a pass', () => gpu.device.queue.submit([encode(submission, run, target)]))
    const [refused, read] = await Promise.allSettled([said, this.#readBack.read(whole, pass.signal)])
    if (refused.status === 'rejected') throw refused.reason
    if (read.status === 'rejected') throw read.reason
    if (plan.guarded) checkFlag(new Uint32Array(read.value, bytes, 1)[0], plan.steps)
    for (const { output, shape, at } of outputs)
      await handOut(output.name, shape, floats(output.type, read.value, at, sizeOf(shape)))
  }

  #planOf(graph: Graph, single: boolean): Planned {
    const { weights, gpu, formats } = this.#setup
    const plans = this.#plans.get(graph) ?? new Map<boolean, Planned>()
    this.#plans.set(graph, plans)
    const planned = plans.get(single) ?? {
      plan: buildPlan(graph, { weights, tuning: gpu.tuning, single, ...formats }),
      bound: null,
    }
    plans.set(single, planned)
    return planned
  }
}

function floats(type: Float, read: ArrayBuffer, at: number, count: number): Float32Array {
  return type === 'f16' ? f16ToF32(new Uint16Array(read, at, count)) : new Float32Array(read, at, count)
}
