// Real workers, from the compiled library in dist/ (Node 20 starts no TypeScript in a worker): the same bits for any
// number of threads, what happens when one dies, and that nothing keeps the process alive.
import { spawnSync } from 'node:child_process'
import { Worker } from 'node:worker_threads'
import { describe, expect, test, vi } from 'vitest'
import type { Engine, Pass } from '../../../src/backends/backend.ts'
import type { WasmHost } from '../../../src/backends/wasm/host.ts'
import type { WasmSettings } from '../../../src/backends/wasm/settings.ts'
import type { wasmBackend as Create } from '../../../src/backends/wasm/wasm.ts'
import type { ModelConfig } from '../../../src/config/model-config.ts'
import type { handleOf as HandleOf } from '../../../src/node/wasm-host.ts'
import { tiny } from '../../model/tiny.ts'
import { root } from '../../support/golden.ts'
import { randomWeights, sourceOf, tinyPass } from '../tiny-engine.ts'
import { built, settings } from './wasm-engine.ts'

vi.setConfig({ testTimeout: 60_000 })

const dist = `${root}dist/`
const load = async () => {
  const { wasmBackend }: { wasmBackend: typeof Create } = await import(`${dist}backends/wasm/wasm.js`)
  const { nodeWasmHost, handleOf }: { nodeWasmHost: WasmHost; handleOf: typeof HandleOf } = await import(
    `${dist}node/wasm-host.js`
  )
  return { wasmBackend, nodeWasmHost, handleOf }
}

async function engineOf(
  config: ModelConfig,
  own: Partial<WasmSettings>,
  host: (usual: WasmHost) => Partial<WasmHost> = () => ({}),
): Promise<Engine> {
  const { wasmBackend, nodeWasmHost } = await load()
  const weights = sourceOf(config, randomWeights(config))
  const backend = wasmBackend({ ...settings, ...own }, { ...nodeWasmHost, ...host(nodeWasmHost) })
  return backend.load({ config, weights, numerics: 'f32' })
}

/** Sizes that no number of threads divides. */
const odd: ModelConfig = { ...tiny, dims: { D: 44, H: 3, G: 1, E: 12, F: 52, V: 61, L: 2 }, ropeSections: [2, 2, 2] }

function textPass(engine: Engine, S: number, outputs: readonly string[], config = odd): Pass {
  const top = { count: 5, below: 50 }
  const { graph } = tinyPass(engine.createCache(), config, { range: [4, 6], outputs, top })
  return {
    graph,
    cache: engine.createCache(),
    ids: Int32Array.from({ length: S }, (_, s) => (s * 7) % 61),
    positions: Int32Array.from({ length: 3 * S }, (_, i) => i % S),
    mask: { kind: 'causal', window: null },
    given: new Map(),
    keep: true,
  }
}

describe.skipIf(!built)('a team of workers (skipped before npm run build)', () => {
  test.each(['f32', 'bf16', 'q8', 'q4'] as const)(
    'strict bits are the same for 1, 2, 3 and 5 threads: %s',
    async (weights) => {
      const outputs = ['layers.0.out', 'layers.1.q_rope', 'logits', 'next_logits', 'next_top']
      const results = []
      for (const threads of [1, 2, 3, 5]) {
        const engine = await engineOf(odd, { threads, weights, activations: weights.startsWith('q') ? 'int' : 'f32' })
        expect(engine.info).toMatchObject({ threads, kernels: 'strict' })
        const pass = textPass(engine, 37, outputs)
        const whole = await engine.run(pass)
        const step = { ...pass, ids: Int32Array.of(3), positions: Int32Array.of(37, 37, 37) }
        results.push([whole, await engine.run(step)])
        await engine.close()
      }
      for (const result of results) expect(result).toEqual(results[0])
    },
  )

  test('without shared memory one worker computes the same bits', async () => {
    const outputs = ['layers.0.out', 'next_logits']
    const shared = await engineOf(odd, { threads: 1 })
    const alone = await engineOf(odd, { threads: 'auto' }, () => ({ shared: false, why: 'this page is not isolated' }))
    expect(alone.info.threads).toBe(1)
    expect(alone.info.notes.join()).toContain('not isolated')
    expect(await alone.run(textPass(alone, 37, outputs))).toEqual(await shared.run(textPass(shared, 37, outputs)))
    await alone.close()
    await shared.close()
  })

  test('a worker that dies in a pass is a typed error within two seconds, and stays one', async () => {
    const { handleOf } = await load()
    const workers: Worker[] = []
    const startWorker = () => {
      workers.push(new Worker(`${dist}node/wasm-worker.js`))
      return handleOf(workers.at(-1)!)
    }
    const engine = await engineOf(odd, { threads: 2 }, () => ({ startWorker }))
    const died = expect.objectContaining({ code: 'E_WORKER_DIED' })
    const running = (async () => {
      for (;;) await engine.run({ ...textPass(engine, 400, ['next_logits']), keep: false })
    })()
    setTimeout(() => workers[1].terminate(), 20)
    const start = performance.now()
    await expect(running).rejects.toEqual(died)
    expect(performance.now() - start).toBeLessThan(2000)
    await expect(engine.run(textPass(engine, 4, ['next_logits']))).rejects.toEqual(died)
    await engine.close()
  })

  test('an abort arrives in the middle of a pass', async () => {
    const engine = await engineOf(odd, { threads: 2 })
    const stop = new AbortController()
    const pass = { ...textPass(engine, 4000, ['next_logits']), signal: stop.signal }
    setTimeout(() => stop.abort(new Error('enough')), 5)
    await expect(engine.run(pass)).rejects.toThrow('enough')
    expect(pass.cache.length).toBe(0)
    const { signal: _, ...again } = textPass(engine, 4, ['next_logits']) as Pass
    expect((await engine.run(again)).get('next_logits')!.data.every(Number.isFinite)).toBe(true)
    await engine.close()
  })

  test('a pass that begins right behind an aborted one is not disturbed by workers that leave late', async () => {
    const engine = await engineOf(odd, { threads: 3 })
    const wanted = await engine.run(textPass(engine, 37, ['next_logits']))
    for (let delay = 0; delay < 40; delay++) {
      const stop = new AbortController()
      setTimeout(() => stop.abort(new Error('enough')), delay % 8)
      await expect(engine.run({ ...textPass(engine, 4000, ['next_logits']), signal: stop.signal })).rejects.toThrow(
        'enough',
      )
      expect(await engine.run(textPass(engine, 37, ['next_logits']))).toEqual(wanted)
    }
    await engine.close()
  })

  test('an abort does not wait for the end of a long attention', async () => {
    const config: ModelConfig = { ...odd, dims: { ...odd.dims, H: 8, G: 2, E: 128, L: 1 }, ropeSections: [16, 24, 24] }
    const engine = await engineOf(config, { threads: 1 })
    await engine.run(textPass(engine, 37, ['next_logits'], config))
    const stop = new AbortController()
    const pass = textPass(engine, 4096, ['layers.0.out'], config)
    const running = engine.run({ ...pass, mask: { kind: 'full', window: null }, signal: stop.signal })
    const aborted = new Promise<number>((resolve) =>
      setTimeout(() => {
        stop.abort(new Error('enough'))
        resolve(performance.now())
      }, 200),
    )
    await expect(running).rejects.toThrow('enough')
    expect(performance.now() - (await aborted)).toBeLessThan(500)
    await engine.close()
  })

  test('auto takes one thread for a tiny model, and says why', async () => {
    const engine = await engineOf(odd, { threads: 'auto' }, () => ({ cores: async () => 8 }))
    expect(engine.info.threads).toBe(1)
    expect(engine.info.notes.join()).toContain('too small')
    await engine.close()
  })

  test('closing twice is fine, running afterwards is not', async () => {
    const engine = await engineOf(odd, { threads: 2 })
    const pass = textPass(engine, 4, ['next_logits'])
    await engine.close()
    await engine.close()
    await expect(engine.run(pass)).rejects.toEqual(expect.objectContaining({ code: 'E_BACKEND_CLOSED' }))
  })

  test('a process with an idle model ends by itself', () => {
    const script = `
      import { Sail } from ${JSON.stringify(`${dist}node.js`)}
      const sail = await Sail.load(${JSON.stringify(`${root}golden/cases/models/tiny-a`)}, { backend: 'wasm', threads: 2 })
      console.log((await sail.ask({ prompt: 'what is it?' }, { maxNewTokens: 2 })).ids.length)`
    const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      timeout: 30_000,
    })
    expect([stdout.trim(), status], stderr).toEqual(['2', 0])
  })
})
