// Proof that verification bites on this backend: a mistake in a kernel is found at the stage that the kernel computes, and
// mistakes in dumps where they are, as on every backend. Kernels are changed as WGSL on its way to the compiler.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { GpuHost } from '../../src/backends/webgpu/host.ts'
import { nodeGpuHost } from '../../src/node/gpu-host.ts'
import type { Sail } from '../../src/node.ts'
import { firstFailure } from '../../src/verify/report.ts'
import { verify } from '../../src/verify/verify.ts'
import { type Dump, goldenOf, readDump } from '../support/dumps.ts'
import { root } from '../support/golden.ts'
import { noGpu, skipped } from '../support/software-gpu.ts'
import { model as small } from '../verify/mistakes.ts'
import { wrongRuns } from '../verify/wrong-runs.ts'
import { wrongTensors } from '../verify/wrong-tensors.ts'
import { HostedSail } from './webgpu-engine.ts'

const folder = `${root}golden/cases/`
const model = `${folder}models/tiny-window`

/** A host whose kernels contain `right`'s replacement. */
function mutated(right: string | RegExp, wrong: string, seen: { count: number }): GpuHost {
  return {
    async open() {
      const { gpu, why } = await nodeGpuHost.open()
      const entry = gpu as GPU
      const requestAdapter = async () => {
        const adapter = (await entry.requestAdapter())!
        const { info, limits, features } = adapter
        const requestDevice = async (descriptor?: GPUDeviceDescriptor) => {
          const device = await adapter.requestDevice(descriptor)
          const create = device.createShaderModule.bind(device)
          device.createShaderModule = ({ label, code }) => {
            const changed = code.replace(right, wrong)
            if (changed !== code) seen.count++
            return create({ label: label ?? '', code: changed })
          }
          return device
        }
        return { info, limits, features, requestDevice }
      }
      return { gpu: { entry, requestAdapter }, why }
    },
  }
}

async function failureOf(sail: Sail, dump: Dump): Promise<string | null> {
  const image = folder + dump.metadata.get('image')
  return firstFailure(await verify(sail, await goldenOf(dump), { image, freeRunning: false }))?.name ?? null
}

describe.skipIf(noGpu !== '')(`mutations${skipped}`, () => {
  let golden: Dump
  beforeAll(async () => {
    golden = await readDump(`${folder}tiny-window-image.f32.safetensors`)
  })

  const mistakes: readonly [what: string, right: string | RegExp, wrong: string, stage: string][] = [
    ['patches in place of embeddings', 'input[n] + rows[', 'rows[', 'prefix.embed'],
    ['a norm off by 0.1 %', 'scale * weight[d]', 'scale * 1.001 * weight[d]', 'prefix.layers.0.attn_norm'],
    [
      'scores without 1 / sqrt(E)',
      /\(sum\.z \+ sum\.w\)\) \* f32\([^)]*\)/,
      '(sum.z + sum.w))',
      'prefix.layers.0.attn_weights',
    ],
    ['the wrong sign in rope', 'other = -input', 'other = input', 'prefix.layers.0.q_rope'],
    [
      'a causal mask that hides one key too many',
      'end - params.window',
      'end - params.window + 1u',
      'text.layers.0.attn_weights',
    ],
    ['a causal prefix', 'params.causal == 1u', 'true', 'prefix.layers.0.attn_weights'],
    ['keys of the prefix written over', '(params.K - params.S + id.y)', 'id.y', 'text.layers.0.attn_weights'],
    ['the last key left out of the mix', 'params.K); k++', 'params.K - 1u); k++', 'prefix.layers.0.attn_heads'],
    ['another activation', '(1.0 + exp(-z))', '(1.001 + exp(-z))', 'prefix.layers.0.act'],
    ['a residual dropped', 'a[n] + b[n]', 'b[n]', 'prefix.layers.0.attn_residual'],
    [
      'a NaN',
      'normed[row + d] =',
      'normed[row + d] = bitcast<f32>(0x7fc00000u | params.causal) +',
      'prefix.layers.0.attn_norm',
    ],
    ['the first row of logits for the last', 'params.S - 1u) *', '0u) *', 'generated_ids'],
    [
      'the last step of a matrix skipped',
      'let steps = (inner + 3u) / 4u;',
      'let steps = (inner + 3u) / 4u - 1u;',
      'prefix.embed',
    ],
  ]
  test.each(mistakes)('%s', async (_, right, wrong, stage) => {
    const seen = { count: 0 }
    const sail = await HostedSail.on(mutated(right, wrong, seen), model)
    const found = await failureOf(sail, golden).finally(() => sail.close())
    expect(seen.count).toBeGreaterThan(0)
    expect(found).toBe(stage)
  })
})

describe.skipIf(noGpu !== '')(`mistakes of others${skipped}`, () => {
  let sail: Sail
  beforeAll(async () => {
    sail = await HostedSail.on(nodeGpuHost, small)
    expect(sail.info.backend).toBe('webgpu')
  })
  afterAll(() => sail?.close())

  wrongTensors(() => sail)
  wrongRuns(() => sail)
})
