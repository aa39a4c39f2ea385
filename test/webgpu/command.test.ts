// The command line on the webgpu backend: --profile, bench, and a stderr that holds what sail says and nothing else.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BenchReport } from '../../src/cli/bench/bench-report.ts'
import { image, model } from '../cli/tiny-a.ts'
import { built, cli } from '../support/cli.ts'
import { noGpu, skipped } from '../support/software-gpu.ts'

const folder = mkdtempSync(join(tmpdir(), 'sail-test-'))
const ask = ['ask', '--model', model, '--image', image, '--prompt', 'x', '--max-new-tokens', '2', '--backend', 'webgpu']
beforeAll(built)
afterAll(() => rmSync(folder, { recursive: true }))

interface Event {
  readonly ph: string
  readonly name: string
  readonly ts: number
  readonly dur: number
  readonly args: { readonly name: string; readonly tokens: number; readonly bytes: number; readonly flops: number }
}

describe.skipIf(noGpu !== '')(`on an adapter${skipped}`, () => {
  test('--profile writes the ops of prefix, prompt and steps by the clock of the device, and the same answer', async () => {
    const file = join(folder, 'profile.json')
    const plain = await cli([...ask, '--quiet'])
    const { code, stdout } = await cli([...ask, '--quiet', '--profile', file])
    expect([code, stdout]).toEqual([0, plain.stdout])
    const { traceEvents } = JSON.parse(readFileSync(file, 'utf8')) as { traceEvents: Event[] }
    const rows = new Set(traceEvents.filter(({ name }) => name === 'thread_name').map(({ args }) => args.name))
    expect([...rows]).toEqual(['device, by its timestamps'])
    const ops = traceEvents.filter(({ ph }) => ph === 'X')
    for (const { ts, dur, args } of ops) expect([ts >= 0, dur >= 0, args.bytes > 0]).toEqual([true, true, true])
    expect(new Set(ops.map(({ args }) => args.tokens)).size).toBe(3)
    expect(ops.filter(({ name }) => name === 'topK').length).toBe(2)
    expect(ops.some(({ name, args }) => name.startsWith('linear') && args.flops > 0)).toBe(true)
  })

  test('bench times passes, tokens and ops, and holds them to the roofs of the adapter that it names', async () => {
    const sizes = ['--patches', '2,5', '--steps', '2', '--runs', '1', '--backend', 'webgpu', '--quiet', '--json']
    const { code, stdout, stderr } = await cli(['bench', '--model', model, ...sizes])
    expect([code, stderr]).toEqual([0, ''])
    const { model: what, roofs, ops, prefix, decode } = JSON.parse(stdout) as BenchReport
    expect(what).toMatchObject({
      kernels: 'wgsl',
      adapter: { name: expect.any(String), software: expect.any(Boolean) },
    })
    expect(Object.keys(roofs)).toEqual(['madd', 'read'])
    for (const { median } of Object.values(roofs)) expect(median).toBeGreaterThan(0)
    expect(prefix.map(({ tokens }) => tokens)).toEqual([4, 7])
    expect(decode).toMatchObject({ context: 7, seconds: { runs: 2 } })
    expect(ops.map(({ tokens, clock }) => [tokens, clock])).toEqual([
      [4, 'device'],
      [1, 'device'],
    ])
    for (const { rows, waiting } of ops) {
      expect(rows.reduce((sum, { time }) => sum + time, waiting)).toBeCloseTo(1)
      expect(rows.some(({ op, share }) => op.startsWith('linear') && share > 0)).toBe(true)
    }
  })
})

test('without a Vulkan loader stderr is the error as one JSON document', async () => {
  const { code, stdout, stderr } = await cli([...ask, '--json'], { env: { LD_LIBRARY_PATH: '', VK_ICD_FILENAMES: '' } })
  if (code === 0)
    expect([JSON.parse(stdout).backend, stderr]).toEqual(['webgpu', '']) // an adapter of the machine's own
  else expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'E_BACKEND_NO_ADAPTER' } })
})
