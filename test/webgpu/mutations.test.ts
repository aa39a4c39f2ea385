// Proof that verification bites on this backend: a mistake in a kernel is found at the stage that the kernel computes, and a
// wrong tensor in a dump at its own. The mistakes are put into the WGSL on its way to the compiler.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { GpuHost } from '../../src/backends/webgpu/host.ts'
import { nodeGpuHost } from '../../src/node/gpu-host.ts'
import type { Sail } from '../../src/node.ts'
import { firstFailure } from '../../src/verify/report.ts'
import { verify } from '../../src/verify/verify.ts'
import { copyOf, type Dump, floats, goldenOf, readDump } from '../support/dumps.ts'
import { root } from '../support/golden.ts'
import { noGpu, skipped } from '../support/software-gpu.ts'
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
    ['the wrong sign in rope', 'other = -f32', 'other = f32', 'prefix.layers.0.q_rope'],
    [
      'a causal mask that hides one key too many',
      'end - params.window',
      'end - params.window + 1u',
      'text.layers.0.attn_weights',
    ],
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

  describe('a wrong tensor in the dump', () => {
    let sail: Sail
    beforeAll(async () => {
      sail = await HostedSail.on(nodeGpuHost, model)
    })
    afterAll(() => sail?.close())

    test('is found at its own stage; without one nothing is', async () => {
      expect(await failureOf(sail, golden)).toBeNull()
      const cases: [string, (x: number) => number][] = [
        ['prefix.layers.1.act', () => Number.NaN],
        ['text.layers.0.v', (x) => x + 1e-2],
        ['prefix.layers.0.attn_heads', (x) => x * 1.001 + 1e-3],
      ]
      for (const [name, change] of cases) {
        const dump = copyOf(golden)
        const { data } = floats(dump, name)
        data[data.length >> 1] = change(data[data.length >> 1])
        expect(await failureOf(sail, dump)).toBe(name)
      }
    })
  })
})
