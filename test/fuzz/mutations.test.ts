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
  readonly mutations: number
  readonly kept: number
  readonly extremes: number
  readonly accepted: number
  readonly refused: number
  readonly codes: number
  readonly hangs: number
  readonly found: readonly { readonly kind: string; readonly detail: string; readonly file: string }[]
}

interface Result {
  readonly rows: readonly Row[]
  /** The rows for people, their head first. */
  readonly table: readonly (readonly (string | number)[])[]
}

const count = 20_000
let rows: readonly Row[] = []

async function fuzz(keep: string, ...more: readonly string[]): Promise<Result> {
  const args = [join(root, 'scripts', 'fuzz.mjs'), '--json', '--keep', keep, ...more]
  const run = promisify(execFile)(process.execPath, args, { cwd: root, maxBuffer: 1 << 26 })
  const { stdout } = await run.catch((error: { stdout?: string }) => ({ stdout: error.stdout ?? '' }))
  return JSON.parse(stdout) as Result
}

beforeAll(async () => {
  // Not removed: what is found lies there, and its path is in the failed test's message.
  const keep = join(mkdtempSync(join(tmpdir(), 'sail-found-')), 'inputs')
  const result = await fuzz(keep, '--count', String(count))
  rows = result.rows
  const [head, ...cells] = result.table
  writeAmounts('mutations', head, cells)
}, 900_000)

test('the fuzzer finds every kind of fault: all those of a parser that has each', async () => {
  const keep = mkdtempSync(join(tmpdir(), 'sail-faulty-'))
  const [{ found, hangs, mutations, kept }] = (await fuzz(keep, '--parser', 'faulty', '--count', '10')).rows
  rmSync(keep, { recursive: true })
  expect({ hangs, mutations, kept }).toEqual({ hangs: 1, mutations: 10, kept: 8 })
  expect([...new Set(found.map(({ kind }) => kind))].sort()).toEqual(['escape', 'hang', 'large', 'promise', 'slow'])
}, 120_000)

describe.each(parsers.map(({ name }) => name))('%s', (name) => {
  test(`lets nothing but its own errors escape from ${count} mutations and the extremes, in 1 s and 64 MB each`, () => {
    const row = rows.find(({ parser }) => parser === name)
    expect(row).toMatchObject({ mutations: count, hangs: 0, found: [] })
    expect(row!.extremes).toBeGreaterThan(0)
    expect(row!.accepted + row!.refused).toBe(row!.kept + count + row!.extremes)
  })

  test('is reached at depth by them: many are accepted, and many codes come up', () => {
    const { accepted, codes } = rows.find(({ parser }) => parser === name)!
    expect(accepted).toBeGreaterThan(count / 40)
    expect(codes).toBeGreaterThanOrEqual(6)
  })
})
