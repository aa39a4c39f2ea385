// Memory that is refused, at each place where it may be: when a model is loaded and when a pass needs more. The answer is
// E_MEMORY; what was there before goes on working, and the next pass computes what it always would.
import { afterEach, expect, test, vi } from 'vitest'
import type { Engine, KvCache, Pass } from '../../src/backends/backend.ts'
import type { Build } from '../../src/backends/wasm/host.ts'
import { WasmCache } from '../../src/backends/wasm/kv-cache.ts'
import { Arena } from '../../src/backends/wasm/memory/arena.ts'
import type { ModelConfig } from '../../src/config/model-config.ts'
import { nodeWasmHost } from '../../src/node/wasm-host.ts'
import { tinyPass } from '../backends/tiny-engine.ts'
import { wasmEngine } from '../backends/wasm/wasm-engine.ts'
import { tiny } from '../model/tiny.ts'

/** Pages of 4 MB: a pass of a few hundred tokens needs more than loading left free. */
const wide: ModelConfig = { ...tiny, dims: { ...tiny.dims, H: 16, G: 16, E: 256 }, ropeSections: [0, 64, 64] }

vi.setConfig({ testTimeout: 60_000 })

const memory = expect.objectContaining({ code: 'E_MEMORY' })
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

/** From the nth call on the engine gives no more memory. */
function refuseFrom(n: number): { calls(): number } {
  const { grow } = WebAssembly.Memory.prototype
  let calls = 0
  vi.spyOn(WebAssembly.Memory.prototype, 'grow').mockImplementation(function (this: WebAssembly.Memory, pages) {
    if (++calls >= n) throw new RangeError('WebAssembly.Memory.grow(): Unable to grow instance memory')
    return grow.call(this, pages)
  })
  return { calls: () => calls }
}

function longPass(cache: KvCache, S: number): Pass {
  const { graph } = tinyPass(cache, wide, { range: [4, 6], outputs: ['layers.1.out', 'next_logits'] })
  const [ids, positions] = [Int32Array.from({ length: S }, (_, s) => s % 7), new Int32Array(3 * S).map((_, i) => i % S)]
  return { graph, cache, ids, positions, mask: { kind: 'causal', window: null }, given: new Map(), keep: true }
}

const fresh = async (S: number) => {
  const engine = await wasmEngine(wide)
  return engine.run(longPass(engine.createCache(), S))
}

test('a pass whose memory is refused leaves the model and its cache as they were', async () => {
  const [few, many] = [await fresh(150), await fresh(300)]
  let refusals = 0
  for (let n = 1; ; n++) {
    const engine: Engine = await wasmEngine(wide)
    const cache = engine.createCache()
    await engine.run({ ...longPass(cache, 2), keep: false })
    refuseFrom(n)
    const passed = await engine.run(longPass(cache, 300)).then(
      () => true,
      (error: unknown) => {
        expect(error).toEqual(memory)
        return false
      },
    )
    if (passed) break
    refusals++
    expect(cache.length).toBe(0)
    // Still refused: what fits into the memory that is there is answered.
    await engine.run({ ...longPass(cache, 2), keep: false })
    vi.restoreAllMocks()
    expect(await engine.run({ ...longPass(cache, 150), keep: false })).toEqual(few)
    expect(await engine.run(longPass(cache, 300))).toEqual(many)
  }
  expect(refusals).toBeGreaterThan(2)
})

test('a load whose memory is refused is E_MEMORY, and the next load works', async () => {
  const { calls } = refuseFrom(Number.POSITIVE_INFINITY)
  await wasmEngine(wide)
  for (let n = 1; n <= calls(); n++) {
    vi.restoreAllMocks()
    refuseFrom(n)
    await expect(wasmEngine(wide), `call ${n}`).rejects.toEqual(memory)
  }
  vi.restoreAllMocks()
  const engine = await wasmEngine(wide)
  expect(await engine.run(longPass(engine.createCache(), 150))).toEqual(await fresh(150))
})

test('a host that gives no memory at all is E_MEMORY', async () => {
  const compile = (build: Build) => nodeWasmHost.compile(build)
  class Refusing {
    constructor() {
      throw new RangeError('WebAssembly.Memory(): could not allocate memory')
    }
  }
  vi.stubGlobal('WebAssembly', Object.assign(Object.create(WebAssembly), { Memory: Refusing }))
  await expect(wasmEngine(wide, { host: { compile } })).rejects.toEqual(memory)
})

test('a cache that cannot grow keeps no page that its table does not name', () => {
  const arena = new Arena(0, 64 * 20)
  const written: number[][] = []
  let room = 5
  const cache = new WasmCache(
    {},
    {
      layers: 1,
      pageTokens: 2,
      takePage: () => {
        if (room-- > 0) return arena.take(64)!
        throw new RangeError('full')
      },
      givePage: (_, at) => {
        room++
        arena.give(at)
      },
      takeTable: () => arena.take(64)!,
      giveTable: (_, at) => arena.give(at),
      writeTable: (_, at, pages) => void written.push([at, ...pages]),
    },
  )
  cache.reserve(4)
  expect(() => cache.reserve(20)).toThrow('full')
  cache.reserve(8)
  expect(written).toHaveLength(2)
  expect(written.at(-1)).toHaveLength(1 + 4)
  cache.free()
  expect(arena.size).toBe(0)
})

test('an arena gives its end back, so that a refused block is not asked for again', () => {
  const arena = new Arena(0, 1024)
  const [a, b] = [arena.take(64)!, arena.take(512)!]
  arena.give(b)
  expect(arena.size).toBe(64)
  arena.give(a)
  expect(arena.size).toBe(0)
})
