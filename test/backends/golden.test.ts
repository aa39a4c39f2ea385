// The reference backend against PyTorch, by the limits of design.md, "Numbers": each stage from golden inputs, whole
// passes against the f64 run, and bf16 numerics layer by layer. Needs the shared golden files.
import { beforeAll, describe, expect, test } from 'vitest'
import type { Engine, KvCache } from '../../src/backends/backend.ts'
import { dimension, findStage, stageInputs, stageNames } from '../../src/graph/stages-names.ts'
import type { F32Tensor } from '../../src/tensor.ts'
import { shared } from '../support/golden.ts'
import { expectClose, limitOf, relativeL2 } from './close.ts'
import { type GoldenCase, loadEngine, openCase, runPass } from './model.ts'
import { floats, tensor } from './safetensors.ts'

const passes = ['prefix', 'text'] as const
const unavailable = shared === null
const folder = shared ?? ''

/** 'prefix.layers.0.q' without its pass. */
const inPass = (name: string): string => name.slice(name.indexOf('.') + 1)

/** A cache that holds the golden keys and values of the image prefix. */
async function goldenPrefix(engine: Engine, golden: GoldenCase): Promise<KvCache> {
  const cache = engine.createCache()
  const names = Array.from({ length: golden.config.dims.L }, (_, i) => [`layers.${i}.k_rope`, `layers.${i}.v`]).flat()
  const given = new Map(names.map((name) => [name, tensor(golden.file, `prefix.${name}`)]))
  await runPass(engine, cache, golden, { name: 'prefix', outputs: [], given, keep: true })
  return cache
}

describe.skipIf(unavailable)('each stage from golden inputs (skipped without shared goldens)', () => {
  describe.each(['p14-landscape', 'p14-wide', 'p32-landscape', 'p32-portrait'])('%s', (name) => {
    let golden: GoldenCase
    let engine: Engine
    let caches: Record<(typeof passes)[number], KvCache>

    beforeAll(async () => {
      golden = openCase(folder, name)
      engine = await loadEngine(folder, golden)
      caches = { prefix: engine.createCache(), text: await goldenPrefix(engine, golden) }
    })

    // The deepest of these models has three layers; a case runs those it has.
    test.each(passes)('%s', { timeout: 120_000 }, async (pass) => {
      const { file, config, prefix, ids } = golden
      const list = { L: config.dims.L, passes }
      const S = pass === 'prefix' ? prefix : ids.length - prefix
      const sizes = { ...config.dims, p: config.patchSize ?? 0, S, K: caches[pass].length + S }
      const stages = stageNames(list).filter((full) => full.startsWith(`${pass}.`) && !full.endsWith('.mask'))
      expect(stages.length).toBe(5 + 16 * list.L)
      for (const full of stages) {
        const place = findStage(full)!
        const inputs = stageInputs(place, list).filter((input) => input.startsWith(`${pass}.`))
        const given = new Map(inputs.map((input) => [inPass(input), tensor(file, input)]))
        const run = await runPass(engine, caches[pass], golden, { name: pass, outputs: [inPass(full)], given })
        const { data, shape } = run.get(inPass(full))!
        const want = tensor(file, full)
        expect([full, shape]).toEqual([full, want.shape])
        if (place.row.bitEqual) expect([full, data]).toEqual([full, want.data])
        else expectStage(full, data, want, place.row.inner === null ? null : dimension(place.row.inner, sizes))
      }
    })
  })
})

function expectStage(full: string, data: Float32Array, want: F32Tensor, inner: number | null): void {
  if (full.includes('.rope.')) {
    for (const [i, value] of want.data.entries()) if (!(Math.abs(data[i] - value) <= 1e-6)) expect.fail(`${full}[${i}]`)
  } else expectClose(data, want.data, want.shape.at(-1)!, limitOf(inner))
}

describe.skipIf(unavailable)(
  'whole passes are closer to f64 than PyTorch in f32 is (skipped without shared goldens)',
  () => {
    const names = ['landscape', 'portrait', 'square', 'wide', 'onepixel'].map((kind) => `p14-${kind}`)
    test.each([...names, 'p32-landscape', 'p32-portrait'])('%s', { timeout: 60_000 }, async (name) => {
      const golden = openCase(folder, name, 'f64')
      const engine = await loadEngine(folder, golden)
      const cache = engine.createCache()
      for (const pass of passes) {
        const stored = [...golden.file.entries.keys()].filter((full) => full.startsWith(`${pass}.`))
        expect(stored.length).toBe(3 + golden.config.dims.L)
        const run = await runPass(engine, cache, golden, { name: pass, outputs: stored.map(inPass), keep: true })
        for (const full of stored) {
          const truth = floats(golden.file, full)
          const yardstick = relativeL2(floats(golden.main, full), truth)
          expect([full, relativeL2(run.get(inPass(full))!.data, truth) <= yardstick]).toEqual([full, true])
        }
      }
    })
  },
)

describe.skipIf(unavailable)('bf16 numerics (skipped without shared goldens)', () => {
  /** FORMAT.md, bf16 vs f64: the stage out. */
  const limit = 1.4e-2

  test.each(['p14-landscape', 'p32-landscape'])('%s', { timeout: 120_000 }, async (name) => {
    const golden = openCase(folder, name, 'bf16')
    const [rounded, exact] = [await loadEngine(folder, golden, 'bf16'), await loadEngine(folder, golden)]
    for (const pass of passes)
      for (let i = 0; i < golden.config.dims.L; i++) {
        const out = `layers.${i}.out`
        const want = floats(golden.file, `${pass}.${out}`)
        const errors = []
        for (const engine of [rounded, exact]) errors.push(relativeL2(await oneLayer(engine, golden, pass, i), want))
        expect(errors[0]).toBeLessThanOrEqual(limit)
        expect(errors[0]).toBeLessThan(errors[1])
      }
  })
})

/** The layer's out from the stored out before it; what the text pass sees of the prefix comes from there as well. */
async function oneLayer(engine: Engine, golden: GoldenCase, pass: 'prefix' | 'text', i: number): Promise<Float32Array> {
  const before = i === 0 ? 'embed' : `layers.${i - 1}.out`
  const cache = engine.createCache()
  const given = (of: string) => new Map([[before, tensor(golden.file, `${of}.${before}`)]])
  if (pass === 'text')
    await runPass(engine, cache, golden, { name: 'prefix', outputs: [], given: given('prefix'), keep: true })
  const run = await runPass(engine, cache, golden, { name: pass, outputs: [`layers.${i}.out`], given: given(pass) })
  return run.get(`layers.${i}.out`)!.data
}
