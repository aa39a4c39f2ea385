// Programs that are measured run as processes of their own, one after the other; their answer is the last line that is JSON.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { BenchReport } from '../src/cli/bench/bench-report.ts'

/** Where peers and engines are installed: outside the repository. */
export const cache = process.env.SAIL_BENCH_CACHE ?? join(homedir(), '.cache', 'sail-ts-bench')

/** @throws Error with what the program said when it fails or prints no JSON */
export function runJson(command: string, args: readonly string[]): unknown {
  console.error([command, ...args].join(' '))
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28 })
  if (error !== undefined || status !== 0)
    throw new Error(`${command} ended with ${error?.message ?? status}: ${stderr.slice(-2000)}`)
  const start = stdout.search(/^[[{]/m)
  return JSON.parse(stdout.slice(start)) as unknown
}

/** sail bench on a checkpoint. `node`: the engine's binary. */
export function sailBench(model: string, flags: readonly string[], node = process.execPath): BenchReport {
  const args = [join('dist', 'cli', 'sail.js'), 'bench', '--model', model, ...flags, '--quiet', '--json']
  return runJson(node, args) as BenchReport
}

/** Node 20, 22 and 24 by version, as far as `engines --install` has fetched them. */
export function engines(): ReadonlyMap<string, string> {
  const at = (major: string): [string, string] => [
    major,
    join(cache, 'engines', 'node_modules', `node${major}`, 'bin', 'node'),
  ]
  return new Map(['20', '22', '24'].map(at).filter(([, path]) => existsSync(path)))
}
