// A short soak: forty generations. Handles, listeners, threads and the end of the process are held as in the long one;
// memory with 10 % of room, since other tests run beside it. `npm run soak` is the long one.
import { spawnSync } from 'node:child_process'
import { beforeAll, expect, test, vi } from 'vitest'
import { built } from '../support/cli.ts'
import { root } from '../support/golden.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })
beforeAll(built)

test.each([
  ['wasm', ['--threads', '2']],
  ['reference', []],
])('a short soak keeps nothing on %s', (backend, flags) => {
  const args = ['--generations', '40', '--tolerance', '10', '--backend', backend, ...flags]
  const script = `${root}scripts/soak.mjs`
  const { stdout, stderr, status } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' })
  expect([status, stderr], stdout).toEqual([0, ''])
  expect(stdout).toContain(`soak of 40 generations on ${backend}`)
})
