// How much CPU time a container grants, by the files that Linux shows it.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { cpuQuota } from '../../src/node/cgroup.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sail-cgroup-'))
})
afterEach(() => rmSync(root, { recursive: true }))

describe('the CPU quota of a container', () => {
  test.each([
    ['200000 100000\n', 2],
    ['150000 100000\n', 1.5],
    ['max 100000\n', null],
    ['', null],
  ])('of cgroup v2, whose cpu.max is %j, is %s', async (text, cores) => {
    writeFileSync(join(root, 'cpu.max'), text)
    expect(await cpuQuota(root)).toBe(cores)
  })

  test.each([
    ['400000', '100000', 4],
    ['50000', '100000', 0.5],
    ['-1', '100000', null],
  ])('of cgroup v1, quota %s of a period of %s, is %s', async (quota, period, cores) => {
    mkdirSync(join(root, 'cpu'))
    writeFileSync(join(root, 'cpu', 'cpu.cfs_quota_us'), `${quota}\n`)
    writeFileSync(join(root, 'cpu', 'cpu.cfs_period_us'), `${period}\n`)
    expect(await cpuQuota(root)).toBe(cores)
  })

  test('is none where there are no such files', async () => {
    expect(await cpuQuota(root)).toBeNull()
  })
})
