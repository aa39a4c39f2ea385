import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { built, cli, ended, start } from '../support/cli.ts'
import { image, model } from './tiny-a.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 })
const folder = mkdtempSync(join(tmpdir(), 'sail-test-'))
const file = join(folder, 'profile.json')
const ask = ['ask', '--model', model, '--image', image, '--prompt', 'x', '--threads', '2', '--quiet']
beforeAll(built)
afterAll(() => rmSync(folder, { recursive: true }))

interface Event {
  readonly ph: string
  readonly tid: number
  readonly name: string
  readonly ts: number
  readonly dur: number
  readonly args: { readonly tokens: number; readonly bytes: number; readonly flops: number }
}

test('--profile writes a Chrome trace: each op on each worker, prefix, prompt and steps, and the same answer', async () => {
  const plain = await cli([...ask, '--max-new-tokens', '3'])
  const { code, stdout } = await cli([...ask, '--max-new-tokens', '3', '--profile', file])
  expect([code, stdout]).toEqual([0, plain.stdout])
  const { traceEvents } = JSON.parse(readFileSync(file, 'utf8')) as { traceEvents: Event[] }
  const ops = traceEvents.filter(({ ph }) => ph === 'X')
  expect(new Set(ops.map(({ tid }) => tid))).toEqual(new Set([0, 1]))
  for (const { ts, dur, args } of ops) expect([ts >= 0, dur >= 0, args.bytes > 0]).toEqual([true, true, true])
  expect(ops.filter(({ args }) => args.tokens === 1).length).toBeGreaterThan(0)
  expect(new Set(ops.map(({ args }) => args.tokens)).size).toBe(3)
  expect(ops.some(({ name, args }) => name.startsWith('linear') && args.flops > 0)).toBe(true)
  rmSync(file)
})

test('a run that is interrupted leaves no profile', async () => {
  const child = start([...ask, '--max-new-tokens', '100000', '--profile', file])
  const result = ended(child)
  child.stdout?.once('data', () => child.kill('SIGINT'))
  expect(await result).toMatchObject({ code: null, signal: 'SIGINT' })
  expect(readdirSync(folder)).toEqual([])
})

test('a folder that does not exist is found before the model is loaded', async () => {
  const { code, stderr } = await cli([...ask, '--profile', '/nowhere/p.json'])
  expect([code, stderr.includes('E_FILE_WRITE')]).toEqual([2, true])
})
