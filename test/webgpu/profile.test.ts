// What a profiled pass on the device reports: every op once, with the work that wasm counts for it, timed by the device or,
// where it tells no time, by submissions of their own; and the same bits as without.
import { describe, expect, test } from 'vitest'
import type { PassProfile } from '../../src/backends/backend.ts'
import type { GpuHost } from '../../src/backends/webgpu/host.ts'
import { tinyPass } from '../backends/tiny-engine.ts'
import { wasmEngine } from '../backends/wasm/wasm-engine.ts'
import { tiny } from '../model/tiny.ts'
import { noGpu, skipped } from '../support/software-gpu.ts'
import { watchedHost, webgpuEngine } from './webgpu-engine.ts'

function profiler() {
  const taken: PassProfile[] = []
  return { active: true, taken, take: (profile: PassProfile) => void taken.push(profile) }
}

/** An adapter that cannot tell the time. */
const timeless: GpuHost = {
  async open() {
    const { gpu, why } = await watchedHost().open()
    const requestAdapter = async () => {
      const found = await (gpu as GPU).requestAdapter()
      const features = new Set([...(found?.features ?? [])].filter((name) => name !== 'timestamp-query'))
      return { info: found?.info, limits: found?.limits, features, requestDevice: found?.requestDevice }
    }
    return { gpu: { entry: gpu, requestAdapter }, why }
  },
}

describe.skipIf(noGpu !== '').each([
  ['device', watchedHost()],
  ['submissions', timeless],
] as const)(`a pass timed by %s${skipped}`, (clock, host) => {
  test('has each op once, its matrices with the work that wasm counts, and the bits of a pass that is not timed', async () => {
    const own = profiler()
    const engine = await webgpuEngine(tiny, { host, settings: { profiler: own } })
    const pass = { range: [0, 6], outputs: ['layers.0.out', 'logits'] } as const
    const result = await engine.run(tinyPass(engine.createCache(), tiny, pass))
    own.active = false
    expect(await engine.run(tinyPass(engine.createCache(), tiny, pass))).toEqual(result)
    await engine.close()

    const wasm = profiler()
    const other = await wasmEngine(tiny, { settings: { profiler: wasm } })
    await other.run(tinyPass(other.createCache(), tiny, pass))
    await other.close()
    const [{ ops, ...sizes }] = own.taken
    expect(own.taken).toHaveLength(1)
    expect(sizes).toEqual({ tokens: 6, keys: 6, clock })
    // scatterAdd goes by patches on wasm and by rows here
    for (const name of ['linear', 'attention', 'rmsNorm', 'swiglu', 'add', 'gather', 'rope']) {
      const works = (all: PassProfile['ops']) =>
        all
          .filter((op) => op.name.startsWith(name) && !op.name.includes('Cache'))
          .map(({ name, flops, bytes, rows }) => JSON.stringify({ name, flops, bytes, rows }))
          .toSorted() // each backend has an order of its own
      const [ours, theirs] = [works(ops), works(wasm.taken[0].ops)]
      expect(ours.length).toBeGreaterThan(0)
      expect(ours).toEqual(expect.arrayContaining(theirs))
      // On wasm the keys' rope is one with the cache, and a layer's input is normed once more for its queries.
      const more = name === 'rope' ? -tiny.dims.L : name === 'rmsNorm' ? tiny.dims.L : 0
      expect(theirs).toHaveLength(ours.length + more)
    }
  })

  test('has times that rise, of this hour', async () => {
    const own = profiler()
    const engine = await webgpuEngine(tiny, { host, settings: { profiler: own } })
    const cache = engine.createCache()
    await engine.run(tinyPass(cache, tiny, { range: [0, 5], outputs: [] }))
    await engine.run(tinyPass(cache, tiny, { range: [5, 6], outputs: ['next_logits'] }))
    await engine.close()
    expect(own.taken.map(({ tokens, keys }) => [tokens, keys])).toEqual([
      [5, 5],
      [1, 6],
    ])
    for (const { ops } of own.taken)
      for (const [i, { begin, ms }] of ops.entries()) {
        expect(ms).toBeGreaterThan(0)
        expect(begin).toBeGreaterThanOrEqual(i === 0 ? Date.now() - 3_600_000 : ops[i - 1].begin)
      }
  })
})

test.skipIf(noGpu !== '')(`a pass that is not profiled asks for no timestamps${skipped}`, async () => {
  const host = watchedHost()
  const engine = await webgpuEngine(tiny, { host })
  expect(host.device!.features.has('timestamp-query')).toBe(false)
  await engine.close()
})
