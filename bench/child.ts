// Programs that are measured run as processes of their own, one after the other; their answer is the last line that is JSON.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BenchReport } from '../src/cli/bench/bench-report.ts'

/** Where peers and engines are installed: outside the repository. */
export const cache = process.env.SAIL_BENCH_CACHE ?? join(homedir(), '.cache', 'sail-ts-bench')

interface Ended<T> {
  readonly answer: T
  /** The most memory that it had at a time; null where the system does not say. */
  readonly peakRss: number | null
}

/** @throws Error with what the program said when it fails or prints no JSON */
export async function runJson<T>(command: string, args: readonly string[]): Promise<Ended<T>> {
  console.error([command, ...args].join(' '))
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, said]: [string[], string[]] = [[], []]
  child.stdout.setEncoding('utf8').on('data', (text: string) => void out.push(text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => void said.push(text))
  let peakRss: number | null = null
  const watch = setInterval(() => {
    peakRss = residentPeak(child.pid) ?? peakRss
  }, 50)
  try {
    const [status] = (await once(child, 'close')) as [number | null]
    if (status !== 0) throw new Error(`${command} ended with ${status}: ${said.join('').slice(-2000)}`)
  } finally {
    clearInterval(watch)
  }
  const stdout = out.join('')
  return { answer: JSON.parse(stdout.slice(stdout.search(/^[[{]/m))) as T, peakRss }
}

/** Linux keeps the peak itself, so looking now and then loses nothing but the last moment. */
function residentPeak(pid: number | undefined): number | null {
  try {
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return kilobytes === undefined ? null : Number(kilobytes) * 1024
  } catch {
    return null
  }
}

/** sail bench on a checkpoint. `node`: the engine's binary. */
export async function sailBench(
  model: string,
  flags: readonly string[],
  node = process.execPath,
): Promise<BenchReport> {
  const args = [join('dist', 'cli', 'sail.js'), 'bench', '--model', model, ...flags, '--quiet', '--json']
  return (await runJson<BenchReport>(node, args)).answer
}

/** Another command of these benches, as a process of its own. */
export async function runBench<T>(args: readonly string[], node = process.execPath): Promise<T> {
  return (await runJson<T>(node, [fileURLToPath(new URL('./run.js', import.meta.url)), ...args])).answer
}

/** Node 20, 22 and 24 by version, as far as `engines --install` has fetched them. */
export function engines(): ReadonlyMap<string, string> {
  const at = (major: string): [string, string] => [
    major,
    join(cache, 'engines', 'node_modules', `node${major}`, 'bin', 'node'),
  ]
  return new Map(['20', '22', '24'].map(at).filter(([, path]) => existsSync(path)))
}
