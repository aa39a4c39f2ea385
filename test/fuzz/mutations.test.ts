// 20,000 seeded mutations of every parser's files: scripts/fuzz.mjs runs them, each parser in a process of its own.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { writeAmounts } from '../support/amounts.ts'
import { root } from '../support/golden.ts'
import { parsers } from './parsers/all.ts'

interface Row {
  readonly parser: string
  readonly inputs: number
  readonly kept: number
  readonly accepted: number
  readonly refused: number
  readonly codes: number
  readonly hangs: number
  readonly worstMs: number
  readonly worstBytes: number
  readonly found: readonly { readonly kind: string; readonly detail: string; readonly file: string }[]
}

const count = 20_000
let rows: readonly Row[] = []

/** Not removed: what is found lies in `keep`, and its path is in the failed test's message. */
async function fuzz(keep: string, ...more: readonly string[]): Promise<readonly Row[]> {
  const args = [join(root, 'scripts', 'fuzz.mjs'), '--json', '--keep', keep, ...more]
  const run = promisify(execFile)(process.execPath, args, { cwd: root, maxBuffer: 1 << 26 })
  const { stdout } = await run.catch((error: { stdout?: string }) => ({ stdout: error.stdout ?? '' }))
  return JSON.parse(stdout) as Row[]
}

beforeAll(async () => {
  rows = await fuzz(join(mkdtempSync(join(tmpdir(), 'sail-found-')), 'inputs'), '--count', String(count))
  const escapes = ({ found }: Row): number => found.filter(({ kind }) => kind === 'escape' || kind === 'promise').length
  writeAmounts(
    'mutations',
    ['parser', 'mutations', 'found before', 'accepted', 'codes', 'escapes', 'hangs', 'worst CPU', 'worst memory'],
    rows.map((row) => [
      ...[row.parser, row.inputs, row.kept, row.accepted, row.codes, escapes(row), row.hangs],
      ...[`${row.worstMs.toFixed(0)} ms`, `${(row.worstBytes / 1e6).toFixed(1)} MB`],
    ]),
  )
}, 900_000)

test('the fuzzer finds every kind of fault: all those of a parser that has each', async () => {
  const keep = mkdtempSync(join(tmpdir(), 'sail-faulty-'))
  const [{ found, hangs, inputs, kept }] = await fuzz(keep, '--parser', 'faulty', '--count', '10')
  rmSync(keep, { recursive: true })
  expect({ hangs, inputs, kept }).toEqual({ hangs: 1, inputs: 10, kept: 8 })
  expect(found.map(({ kind }) => kind).sort()).toEqual(['escape', 'escape', 'hang', 'large', 'promise', 'slow'])
}, 120_000)

describe.each(parsers.map(({ name }) => name))('%s', (name) => {
  test(`lets nothing but its own errors escape from ${count} mutations, in 1 s and 64 MB each`, () => {
    const row = rows.find(({ parser }) => parser === name)
    expect(row).toMatchObject({ inputs: count, hangs: 0, found: [] })
    expect(row!.accepted + row!.refused).toBe(count + row!.kept)
  })

  test('is reached at depth by them: many are accepted, and many codes come up', () => {
    const { accepted, codes } = rows.find(({ parser }) => parser === name)!
    expect(accepted).toBeGreaterThan(count / 40)
    expect(codes).toBeGreaterThanOrEqual(6)
  })
})
