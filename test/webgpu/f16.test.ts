// activations f16 on an adapter that has shader-f16: every stage is what f32 sums over the stored values give, rounded once;
// the residual stream is f32; what f16 cannot hold is an error that names the first stage that had it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Engine, Pass } from '../../src/backends/backend.ts'
import type { GpuHost } from '../../src/backends/webgpu/host.ts'
import { buildPass } from '../../src/model/sail.ts'
import { nodeGpuHost } from '../../src/node/gpu-host.ts'
import { Sail } from '../../src/node.ts'
import type { F32Tensor } from '../../src/tensor.ts'
import { tinyEngine, tinyPass } from '../backends/tiny-engine.ts'
import { throughF16 } from '../kernels/pages.ts'
import { tiny } from '../model/tiny.ts'
import { root } from '../support/golden.ts'
import { noGpu, skipped } from '../support/software-gpu.ts'
import { distinct } from './device.ts'
import { expectRounded, noF16, skippedF16 } from './half-adapter.ts'
import { webgpuEngine } from './webgpu-engine.ts'

const code = (name: string, place?: string) => expect.objectContaining({ code: name, ...(place && { place }) })
const model = `${root}golden/tiny`
const settings = { activations: 'f16' } as const
const stages = [...buildPass(tiny, { patches: true }).stages.keys()].filter((name) => !name.startsWith('next_'))
const wide = /^(patches|rope\.cos|rope\.sin|embed|logits|.*\.(attn_weights|attn_out|attn_residual|mlp_out|out))$/

test.skipIf(noGpu !== '')(`an adapter without shader-f16 is refused before anything is read${skipped}`, async () => {
  const host: GpuHost = {
    async open() {
      const { gpu, why } = await nodeGpuHost.open()
      const requestAdapter = async () => {
        const { info, limits, features } = (await (gpu as GPU).requestAdapter())!
        return { info, limits, features: new Set([...features].filter((name) => name !== 'shader-f16')) }
      }
      return { gpu: { requestAdapter }, why }
    },
  }
  const load = webgpuEngine(tiny, { settings, host })
  await expect(load).rejects.toThrow(code('E_OPTION_UNAVAILABLE', 'activations'))
  await expect(load).rejects.toThrow(/shader-f16.*none on \S+/)
})

describe.skipIf(noF16 !== '')(`an engine${skippedF16}`, () => {
  let engine: Engine
  let plain: Engine
  beforeAll(async () => {
    engine = await webgpuEngine(tiny, { settings })
    plain = await tinyEngine()
  })
  afterAll(() => engine?.close())

  const run = (on: Engine, pass: Parameters<typeof tinyPass>[2]) => on.run(tinyPass(on.createCache(), tiny, pass))
  const range = [0, 6] as const

  test('says so', () => {
    expect(engine.info.notes.join()).toContain('activations f16')
  })

  test.each([[{ kind: 'full', window: null }], [{ kind: 'causal', window: 2 }]] satisfies [Pass['mask']][])(
    'each stage is what plain loops make of the stages before it, rounded once: %o',
    async (mask) => {
      const own = await run(engine, { range, outputs: stages, mask })
      for (const [n, name] of stages.entries()) {
        const { data, shape } = own.get(name)!
        expect([name, throughF16(data)].at(1), name).toEqual(wide.test(name) ? expect.anything() : data)
        if (n === 0) continue
        const given = new Map(stages.slice(0, n).map((before) => [before, own.get(before)!]))
        const want = (await run(plain, { range, outputs: [name], given, mask, keep: false })).get(name)!
        expect(shape).toEqual(want.shape)
        const size = Math.hypot(...want.data) / Math.sqrt(want.data.length)
        const ofOp = () => 1e-5 * size
        if (wide.test(name)) {
          for (const [i, value] of want.data.entries())
            if (!(Math.abs(data[i] - value) <= ofOp())) expect.fail(`${name} [${i}]: ${data[i]} for ${value}`)
        } else expectRounded(data, want.data, ofOp)
      }
    },
  )

  test('the residual stream is no f16', async () => {
    const own = await run(engine, { range, outputs: stages })
    for (const name of ['layers.0.attn_residual', 'layers.1.out', 'logits'])
      expect(throughF16(own.get(name)!.data)).not.toEqual(own.get(name)!.data)
  })

  test.each([
    [['layers.1.k_rope', 'layers.0.out'], 'logits'],
    [['layers.1.attn_weights', 'layers.1.v', 'layers.0.gate'], 'layers.1.attn_heads'],
    [['final_norm'], 'next_logits'],
  ])('%s as a run computed them, given back, give the same bits of %s', async (names, wanted) => {
    const whole = await run(engine, { range, outputs: [...names, wanted] })
    const given = new Map(names.map((name) => [name, whole.get(name)!]))
    expect((await run(engine, { range, outputs: [wanted], given, keep: false })).get(wanted)).toEqual(whole.get(wanted))
  })

  test('token by token gives what one pass gives, within what rounding to f16 explains', async () => {
    const cache = engine.createCache()
    const next = (range: readonly [number, number]) =>
      engine.run(tinyPass(cache, tiny, { range, outputs: ['next_logits'] }))
    await next([0, 4])
    await next([4, 5])
    const [step, whole] = [await next([5, 6]), await run(engine, { range, outputs: ['next_logits'] })]
    const [a, b] = [step, whole].map((outputs) => outputs.get('next_logits')!.data)
    expect(Math.hypot(...a.map((x, i) => x - b[i])) / Math.hypot(...b)).toBeLessThanOrEqual(2 ** -9)
  })

  const tensor = (shape: number[], change: (x: number, i: number) => number): F32Tensor => ({
    dtype: 'F32',
    shape,
    data: distinct(shape.reduce((all, n) => all * n)).map(change),
  })
  const { D } = tiny.dims

  test.each([
    ['what is given', 'layers.0.mlp_norm', 70000, 'layers.0.mlp_norm'],
    ['a matrix makes it', 'layers.0.mlp_norm', 60000, 'layers.0.gate'],
    ['NaN comes in the residual stream', 'layers.0.out', Number.NaN, 'layers.1.attn_norm'],
  ])('beyond f16, %s: an error that names the stage, and the next pass is right', async (_, name, value, place) => {
    const want = await run(engine, { range, outputs: ['logits'] })
    for (const range of [
      [0, 6],
      [0, 1],
    ] as const) {
      const given = new Map([[name, tensor([range[1], D], (x, i) => (i % D < 6 ? Math.sign(x) * value : x))]])
      await expect(run(engine, { range, outputs: ['logits'], given })).rejects.toThrow(
        code('E_GPU_F16_OVERFLOW', place),
      )
    }
    expect(await run(engine, { range, outputs: ['logits'] })).toEqual(want)
  })
})

test.skipIf(noF16 !== '')(`the embedded model answers as with f32, with an f16 cache too${skippedF16}`, async () => {
  const answer = async (options: object) => {
    const sail = await Sail.load(model, { backend: 'webgpu', ...options })
    try {
      return (await sail.ask({ image: `${model}/demo/scene.png`, prompt: 'What colour is the circle?' })).ids
    } finally {
      await sail.close()
    }
  }
  expect(await answer({ activations: 'f16', kv: 'f16' })).toEqual(await answer({}))
})
