// What `auto` makes of a GPU: nothing for small models, webgpu for large ones on hardware that multiplies right, and wasm with
// the reason in every other case. Hardware is SwiftShader under another name.
import { describe, expect, test } from 'vitest'
import type { LoadOptions } from '../../src/api.ts'
import type { WeightSource } from '../../src/backends/backend.ts'
import type { GpuHost } from '../../src/backends/webgpu/host.ts'
import { chooseBackend } from '../../src/facade/choose-backend.ts'
import { loadSettings } from '../../src/facade/load-options.ts'
import { preferGpu } from '../../src/facade/prefer-gpu.ts'
import { nodeEnvironment } from '../../src/node/environment.ts'
import { nodeGpuHost } from '../../src/node/gpu-host.ts'
import { noGpu, skipped } from '../support/software-gpu.ts'

const checkpoint = (millions: number): WeightSource => ({
  tensors: new Map([['w', { dtype: 'BF16', shape: [millions, 1e6] }]]),
  read: () => Promise.reject(new Error('must not be read')),
})
const [small, large] = [checkpoint(200), checkpoint(300)]

async function chosen(source: WeightSource, gpu: GpuHost, options: LoadOptions = {}) {
  const settings = loadSettings(options)
  const hosts = { wasm: nodeEnvironment.wasm, gpu }
  const { backend, notes } = await preferGpu(await chooseBackend(settings, hosts), source, settings, options, hosts)
  return { name: backend.name, notes: notes.join() }
}

/** The machine's adapter with another name, whose kernels `change` may break. */
function named(description: string, change: (code: string) => string = (code) => code): GpuHost {
  return {
    async open() {
      const { gpu, why } = await nodeGpuHost.open()
      const entry = gpu as GPU
      const requestAdapter = async () => {
        const adapter = (await entry.requestAdapter())!
        const info = { description, vendor: 'test', architecture: '', device: '', isFallbackAdapter: false }
        const requestDevice = async (descriptor?: GPUDeviceDescriptor) => {
          const device = await adapter.requestDevice(descriptor)
          const create = device.createShaderModule.bind(device)
          device.createShaderModule = ({ label, code }) => create({ label: label ?? '', code: change(code) })
          return device
        }
        return { info, limits: adapter.limits, features: adapter.features, requestDevice }
      }
      return { gpu: { entry, requestAdapter }, why }
    },
  }
}

const untouched: GpuHost = { open: () => Promise.reject(new Error('must not be asked')) }

test('a small model or another backend does not even ask for a GPU', async () => {
  expect(await chosen(small, untouched)).toEqual({ name: 'wasm', notes: '' })
  expect((await chosen(large, untouched, { backend: 'wasm' })).name).toBe('wasm')
  expect((await chosen(large, untouched, { backend: 'reference' })).name).toBe('reference')
})

test('what only wasm has decides for wasm, and says so', async () => {
  for (const options of [{ weights: 'q8', activations: 'int' }, { kernels: 'strict' }] as const) {
    const { name, notes } = await chosen(large, untouched, options)
    expect([name, notes]).toEqual(['wasm', expect.stringMatching(/^backend auto: wasm, not webgpu: .*webgpu backend/)])
  }
})

test('without WebGPU or an adapter it is wasm, and the reason is given', async () => {
  const none: GpuHost = { open: async () => ({ gpu: null, why: 'the package webgpu cannot be loaded' }) }
  expect(await chosen(large, none)).toEqual({ name: 'wasm', notes: expect.stringContaining('cannot be loaded') })
  const empty: GpuHost = { open: async () => ({ gpu: { requestAdapter: async () => null }, why: '' }) }
  expect(await chosen(large, empty)).toEqual({ name: 'wasm', notes: expect.stringContaining('no adapter') })
})

describe.skipIf(noGpu !== '')(`with an adapter${skipped}`, () => {
  test('a software adapter is not taken over wasm', async () => {
    expect(await chosen(large, nodeGpuHost)).toEqual({
      name: 'wasm',
      notes: expect.stringMatching(/an adapter that is hardware, found \S/),
    })
  })

  test('hardware is taken for a large model, q8 and q4 with f32 activations, and named', async () => {
    const { name, notes } = await chosen(large, named('Some GPU'), { weights: 'q4' })
    expect([name, notes]).toEqual(['webgpu', expect.stringContaining('Some GPU')])
  })

  test('hardware that multiplies wrong is not', async () => {
    const broken = named('Some GPU', (code) => code.replace('vec4<i32>(8)', 'vec4<i32>(7)'))
    const { name, notes } = await chosen(large, broken)
    expect([name, notes]).toEqual(['wasm', expect.stringContaining('matvec_q4 gives')])
  })
})
