import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, openSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { built, cli, ended, entry, start } from '../support/cli.ts'
import { root } from '../support/golden.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 })

const model = `${root}golden/cases/models/tiny-a`
const image = `${root}golden/cases/images/noise-40x26.png`
const folder = mkdtempSync(join(tmpdir(), 'sail-test-'))
beforeAll(built)
afterAll(() => rmSync(folder, { recursive: true }))

describe('signals', () => {
  const long = ['ask', '--model', model, '--jsonl', '-', '--max-new-tokens', '2000', '--quiet']

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s ends a run that waits for stdin, and the caller sees the signal',
    async (signal) => {
      const child = start(long)
      const result = ended(child)
      child.stdin?.write(`${JSON.stringify({ prompt: 'x' })}\n`)
      child.stdout?.once('data', () => child.kill(signal))
      expect(await result).toMatchObject({ code: null, signal, stderr: '' })
    },
  )

  test('SIGINT in the middle of a trace leaves no file behind', async () => {
    const args = ['trace', '--model', model, '--image', image, '--prompt', 'x', '--max-new-tokens', '500']
    const child = start([...args, '--stages', '**', '--out', join(folder, 't.safetensors')])
    const result = ended(child)
    const timer = setInterval(() => {
      if (readdirSync(folder).length === 0) return
      clearInterval(timer)
      child.kill('SIGINT')
    }, 5)
    expect(await result.finally(() => clearInterval(timer))).toMatchObject({ code: null, signal: 'SIGINT' })
    expect(readdirSync(folder)).toEqual([])
  })
})

describe('a reader that leaves', () => {
  test('is no error', async () => {
    const child = start(['ask', '--model', model, '--jsonl', '-', '--max-new-tokens', '50', '--quiet'])
    const result = ended(child)
    child.stdin?.on('error', () => {})
    child.stdout?.once('data', () => child.stdout?.destroy())
    child.stdin?.end(`${JSON.stringify({ prompt: 'x' })}\n`.repeat(50))
    expect(await result).toMatchObject({ code: 0, stderr: '' })
  })
})

describe.skipIf(!existsSync('/dev/full'))('a full disk behind stdout (needs /dev/full)', () => {
  test.each([
    ['a document', ['preprocess', '--size', '9x9', '--patch-size', '3', '--json']],
    ['an answer', ['ask', '--model', model, '--prompt', 'x', '--max-new-tokens', '1', '--quiet']],
  ])('%s that cannot be written is an error', (_, args) => {
    const stdio = ['ignore', openSync('/dev/full', 'w'), 'pipe'] as const
    const { status, stderr } = spawnSync(process.execPath, [entry, ...args], { stdio: [...stdio] })
    expect(status).toBe(2)
    expect(stderr.toString()).toContain('E_OUTPUT_WRITE')
  })
})

describe('output that is no terminal', () => {
  test('gets no colour, and no progress bar', async () => {
    const { stdout, stderr } = await cli(['inspect', '--model', model])
    const controlByte = String.fromCharCode(27)
    expect((stdout + stderr).includes(controlByte)).toBe(false)
    const asked = await cli(['ask', '--model', model, '--prompt', 'x', '--max-new-tokens', '1'])
    expect(asked.stderr.includes(controlByte)).toBe(false)
  })
})
