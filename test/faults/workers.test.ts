// Workers that die, in a real process with the built library (Node 20 starts no TypeScript in a worker).
import { spawnSync } from 'node:child_process'
import { beforeAll, expect, test, vi } from 'vitest'
import { model } from '../cli/tiny-a.ts'
import { built } from '../support/cli.ts'
import { root } from '../support/golden.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })
beforeAll(built)

interface Killed {
  readonly phase: string
  readonly n: number
  readonly code: string
  readonly ms: number
  readonly same: boolean
  readonly alive: number
}

test('a worker killed at its start, while weights are packed, in the prefix and in the decode is a typed error within two seconds, and the next model answers the same', () => {
  const { stdout, stderr, status, signal } = spawnSync(
    process.execPath,
    [`${root}test/faults/kill-workers.mjs`, model],
    { encoding: 'utf8', timeout: 100_000 },
  )
  expect([status, signal, stderr]).toEqual([0, null, ''])
  const results = JSON.parse(stdout) as Killed[]
  expect(results.map(({ phase }) => phase)).toEqual(['start', 'load', 'prefix', 'decode'].flatMap((p) => [p, p]))
  for (const { ms, ...result } of results) {
    expect(result).toEqual({ phase: result.phase, n: result.n, code: 'E_WORKER_DIED', same: true, alive: 0 })
    expect(ms, result.phase).toBeLessThan(2000)
  }
})
