// The command line as a process: signals at every phase, readers that leave, disks that are full, memory that is denied.
// After each: a typed error or the signal itself within two seconds, and no file left behind.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, openSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { goldenPath, image, model } from '../cli/tiny-a.ts'
import { built, type CliResult, cli, ended, entry, start } from '../support/cli.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 })

const folder = mkdtempSync(join(tmpdir(), 'sail-faults-'))
const out = join(folder, 'out')
mkdirSync(out)
beforeAll(built)
afterAll(() => rmSync(folder, { recursive: true }))

/** For runs that read them: more than are ever answered. */
const questions = `${JSON.stringify({ image, prompt: 'x' })}\n`.repeat(5000)

/** Starts a command and sends it signals once `when` has happened; the time is from the last signal. */
async function interrupted(
  args: readonly string[],
  when: 'load' | 'prefix' | 'decode',
  signals: readonly NodeJS.Signals[],
): Promise<CliResult & { readonly ms: number }> {
  const child = start(args, { env: { TMPDIR: out } })
  const result = ended(child)
  child.stdin?.on('error', () => {})
  child.stdin?.write(questions)
  await new Promise<void>((resolve) => {
    if (when === 'decode') child.stdout?.once('data', () => resolve())
    else child.stderr?.once('data', () => resolve()) // "reading the checkpoint", "packing the weights"
    child.once('close', () => resolve())
  })
  if (when === 'prefix') await sleep(150)
  for (const signal of signals) child.kill(signal)
  const sent = performance.now()
  return { ...(await result), ms: performance.now() - sent }
}

describe.each(['wasm', 'reference'])('signals on the %s backend', (backend) => {
  const own = ['--model', model, '--backend', backend]
  const endless = ['ask', ...own, '--jsonl', '-', '--max-new-tokens', '50']
  const phases = [
    ['load', endless],
    ['prefix', ['trace', ...own, '--image', image, '--prompt', 'x', '--stages', '**', '--max-new-tokens', '900']],
    ['decode', endless],
  ] as const

  test.each(phases)('at %s end the run, as the caller sees, and leave nothing', async (when, args) => {
    const all = when === 'prefix' ? [...args, '--out', join(out, 't.safetensors')] : args
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const { ms, code, stderr, ...result } = await interrupted(all, when, [signal])
      expect({ code, signal: result.signal, stderr }).toMatchObject({ code: null, signal })
      expect(stderr).not.toContain('sail:')
      expect(ms).toBeLessThan(2000)
      expect(readdirSync(out)).toEqual([])
    }
  })

  test('a second one ends at once', async () => {
    const result = await interrupted(endless, 'decode', ['SIGINT', 'SIGINT'])
    expect(result).toMatchObject({ code: null, signal: 'SIGINT' })
    expect(result.ms).toBeLessThan(2000)
  })
})

describe('a reader that leaves is no error', () => {
  test.each([
    ['help', ['--help']],
    ['a report', ['verify', '--model', model, '--golden', goldenPath, '--quiet']],
    ['a table', ['inspect', '--model', model]],
    ['an answer', ['ask', '--model', model, '--prompt', 'x', '--max-new-tokens', '200', '--quiet']],
    ['tensors', ['features', '--model', model, '--image', image, '--out', '-', '--quiet']],
  ])('of %s', async (_, args) => {
    const child = start(args, { env: { TMPDIR: out } })
    const result = ended(child)
    child.stdout?.once('data', () => child.stdout?.destroy())
    expect(await result).toMatchObject({ code: 0, signal: null, stderr: '' })
    expect(readdirSync(out)).toEqual([])
  })
})

const noFull = spawnSync('test', ['-c', '/dev/full']).status === 0 ? null : 'there is no /dev/full here'

describe.skipIf(noFull !== null)(`a full disk behind stdout${noFull === null ? '' : ` (${noFull})`}`, () => {
  test.each([
    ['help', ['--help']],
    ['the version', ['--version']],
    ['a report', ['verify', '--model', model, '--golden', goldenPath]],
    ['a table', ['inspect', '--model', model]],
    ['tensors', ['features', '--model', model, '--image', image, '--out', '-']],
  ])('under %s is an error', (_, args) => {
    const { status, stderr } = spawnSync(process.execPath, [entry, ...args], {
      stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
      env: { ...process.env, TMPDIR: out },
    })
    expect([status, stderr.toString()]).toEqual([2, expect.stringMatching(/sail: E_OUTPUT_WRITE: [^\n]*\n$/)])
    expect(readdirSync(out)).toEqual([])
  })
})

/** A disk of 64 KiB. */
const disk = join(folder, 'disk')
mkdirSync(disk)
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', disk]).status === 0
const noDisk = mounted ? null : 'only root may mount one'
afterAll(() => void (mounted && spawnSync('umount', [disk])))

describe.skipIf(noDisk !== null)(`a small disk${noDisk === null ? '' : ` (${noDisk})`}`, () => {
  const traced = ['trace', '--model', model, '--image', image, '--prompt', 'x', '--stages', '**', '--out']
  test.each([
    ['--out', traced, join(disk, 't.safetensors'), disk],
    ['the spool of --out -', traced, '-', disk],
  ])('that %s fills is an error, and is empty afterwards', async (_, args, path, TMPDIR) => {
    const { code, stdout, stderr } = await cli([...args, path], { env: { TMPDIR } })
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/sail: E_FILE_WRITE: [^\n]*ENOSPC; the disk is full: nothing was left behind\n$/)
    expect(readdirSync(disk)).toEqual([])
  })
})

const noLimit = spawnSync('prlimit', ['--version']).status === 0 ? null : 'needs prlimit'

describe.skipIf(noLimit !== null)(`a limit on memory${noLimit === null ? '' : ` (${noLimit})`}`, () => {
  const limited = (args: readonly string[]) =>
    spawnSync('prlimit', ['--as=2500000000', process.execPath, entry, ...args], { encoding: 'utf8' })
  const args = ['ask', '--model', model, '--prompt', 'x', '--max-new-tokens', '2', '--quiet', '--backend']

  test('below what the kernels reserve is E_MEMORY, exit code 3, and plain loops still answer', () => {
    for (const threads of ['1', '3']) {
      const { status, stdout, stderr } = limited([...args, 'wasm', '--threads', threads])
      expect([status, stdout, stderr]).toEqual([3, '', expect.stringMatching(/^sail: E_MEMORY: [^\n]*\n$/)])
    }
    expect(limited([...args, 'reference']).status).toBe(0)
  })
})

describe('stdin', () => {
  test.each([
    ['questions', ['ask', '--model', model, '--jsonl', '-']],
    ['texts', ['tokenize', '--model', model, '--jsonl']],
    ['an image', ['ask', '--model', model, '--prompt', 'x', '--image', '-']],
  ])('that is a directory gives no %s and says so', (_, args) => {
    const stdio = [openSync(folder, 'r'), 'pipe', 'pipe'] as const
    const { status, stdout, stderr } = spawnSync(process.execPath, [entry, ...args], { stdio: [...stdio] })
    expect([status, stdout.toString()]).toEqual([2, ''])
    expect(stderr.toString()).toContain('sail: E_INPUT_READ: stdin: ')
  })

  test('whose line never ends is refused before it fills the memory', async () => {
    const child = start(['tokenize', '--model', model, '--jsonl'])
    const result = ended(child)
    const part = Buffer.alloc(1 << 20, 'x')
    child.stdin?.on('error', () => {}) // it leaves before we are done
    const pour = (): void => {
      while (child.stdin?.writable && child.stdin.write(part));
      child.stdin?.once('drain', pour)
    }
    pour()
    expect(await result).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('E_JSONL_LONG') })
  })
})
