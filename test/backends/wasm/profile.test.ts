// What a profiled pass reports: every op once a worker, with work that agrees with sizes counted another way.
import { expect, test } from 'vitest'
import type { OpTime, PassProfile } from '../../../src/backends/backend.ts'
import { visiblePairs } from '../../../src/backends/wasm/profile/work.ts'
import { modelWeights } from '../../../src/config/weight-names.ts'
import { tiny } from '../../model/tiny.ts'
import { tinyPass } from '../tiny-engine.ts'
import { wasmEngine } from './wasm-engine.ts'

function profiler() {
  const taken: PassProfile[] = []
  return { active: true, taken, take: (profile: PassProfile) => void taken.push(profile) }
}
const whole = { range: [0, 6], outputs: ['logits'] } as const
const sum = (ops: readonly OpTime[], field: 'flops' | 'bytes') => ops.reduce((total, op) => total + op[field], 0)

test('a pass is reported once, its matrices with two operations a product and each weight read once', async () => {
  const profile = profiler()
  const engine = await wasmEngine(tiny, { settings: { profiler: profile } })
  await engine.run(tinyPass(engine.createCache(), tiny, whole))
  const [{ tokens, keys, ops }] = profile.taken
  expect([profile.taken.length, tokens, keys]).toEqual([1, 6, 6])
  const { layers, head } = modelWeights(tiny)
  const inLayers = layers.flatMap(({ q, k, v, o, gate, up, down }) => [q, k, v, o, gate, up, down])
  const matrices = [...inLayers.map(({ weight }) => weight.shape), head.shape]
  const products = matrices.reduce((total, [cols, inner]) => total + cols * inner, 0)
  const [D, inner] = modelWeights(tiny).visEmbed!.shape
  const linear = ops.filter(({ name }) => name.startsWith('linear'))
  expect(sum(linear, 'flops')).toBe(2 * (6 * products + 2 * D * inner)) // two patches
  const padded = [...matrices, [D, inner]].reduce((total, [cols, rows]) => total + Math.ceil(cols / 8) * 8 * rows, 0)
  expect(sum(linear, 'bytes')).toBe(4 * padded)
})

test('ops of a worker follow each other in time, and all of them took some', async () => {
  const profile = profiler()
  const engine = await wasmEngine(tiny, { settings: { profiler: profile } })
  await engine.run(tinyPass(engine.createCache(), tiny, whole))
  const { ops } = profile.taken[0]
  for (const [i, { begin, ms, worker }] of ops.entries()) {
    expect([worker, ms >= 0]).toEqual([0, true])
    if (i > 0) expect(begin).toBeGreaterThanOrEqual(ops[i - 1].begin)
  }
  expect(Math.abs(ops[0].begin - Date.now())).toBeLessThan(60_000)
})

test('attention counts the pairs that its mask lets through', () => {
  const sizes = { S: 4, K: 7 }
  for (const mask of [0, 1] as const)
    for (const window of [0, 1, 3, 9]) {
      let pairs = 0
      for (let s = 0; s < sizes.S; s++)
        for (let k = 0; k < sizes.K; k++) {
          const row = sizes.K - sizes.S + s
          const inside = window === 0 || (mask === 1 ? k > row - window : k >= sizes.K - window)
          if ((mask === 0 || k <= row) && inside) pairs++
        }
      expect([mask, window, visiblePairs({ ...sizes, mask, window })]).toEqual([mask, window, pairs])
    }
})

test('an inactive profiler gets nothing, and profiling changes no bit', async () => {
  const [on, off] = [profiler(), { ...profiler(), active: false }]
  const results = []
  for (const each of [on, off]) {
    const engine = await wasmEngine(tiny, { settings: { profiler: each } })
    results.push(await engine.run(tinyPass(engine.createCache(), tiny, whole)))
  }
  expect(off.taken).toEqual([])
  expect(results[0]).toEqual(results[1])
})

test('what an aborted pass has timed is not in the profile of the next', async () => {
  const profile = profiler()
  const engine = await wasmEngine(tiny, { settings: { profiler: profile } })
  const run = () => engine.run(tinyPass(engine.createCache(), tiny, whole))
  await run()
  const onOutput = async () => {
    throw new Error('enough')
  }
  const outputs = ['layers.0.out', 'logits']
  const broken = { ...tinyPass(engine.createCache(), tiny, { range: [0, 6], outputs }), onOutput }
  await expect(engine.run(broken)).rejects.toThrow('enough')
  await run()
  expect(profile.taken).toHaveLength(2)
  expect(profile.taken[1].ops.map(({ name }) => name)).toEqual(profile.taken[0].ops.map(({ name }) => name))
})
