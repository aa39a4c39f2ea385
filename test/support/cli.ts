// The real command line, as a process of its own: built first when its sources are newer, by one test file at a time.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from './golden.ts'

export const entry = join(root, 'dist', 'cli', 'sail.js')

export interface CliResult {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly bytes: Buffer
  readonly stderr: string
}

export interface CliOptions {
  readonly input?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** Runs `sail` to its end. */
export async function cli(args: readonly string[], { input, env = {}, cwd }: CliOptions = {}): Promise<CliResult> {
  const child = start(args, { env, ...(cwd !== undefined && { cwd }) })
  child.stdin?.on('error', () => {})
  child.stdin?.end(input ?? '')
  return ended(child)
}

/** Starts `sail`; stdin stays open. */
export function start(args: readonly string[], { env = {}, cwd = root }: Omit<CliOptions, 'input'> = {}): ChildProcess {
  const clean = Object.entries(process.env).filter(([name]) => !/^(SAIL_|FORCE_COLOR|NO_COLOR|NODE_OPTIONS)/.test(name))
  return spawn(process.execPath, [entry, ...args], { cwd, env: { ...Object.fromEntries(clean), ...env } })
}

export function ended(child: ChildProcess): Promise<CliResult> {
  const [out, err]: [Buffer[], Buffer[]] = [[], []]
  child.stdout?.on('data', (part: Buffer) => out.push(part))
  child.stderr?.on('data', (part: Buffer) => err.push(part))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      const bytes = Buffer.concat(out)
      resolve({ code, signal, bytes, stdout: bytes.toString(), stderr: Buffer.concat(err).toString() })
    })
  })
}

/** Builds dist/ when it is older than src/. */
export async function built(): Promise<void> {
  const lock = join(tmpdir(), `sail-ts-build-${Buffer.from(root).toString('hex').slice(-32)}`)
  while (isStale()) {
    try {
      mkdirSync(lock)
    } catch {
      if (existsSync(lock) && Date.now() - statSync(lock).mtimeMs > 120_000)
        rmSync(lock, { recursive: true, force: true })
      await new Promise((resolve) => setTimeout(resolve, 200))
      continue
    }
    try {
      if (!isStale()) return
      const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs')], { cwd: root })
      if (status !== 0) throw new Error(`the build failed: ${stderr}`)
    } finally {
      rmSync(lock, { recursive: true, force: true })
    }
  }
}

function isStale(): boolean {
  const stamp = join(root, 'dist', '.built')
  if (!existsSync(stamp)) return true
  const sources = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
  const newest = sources
    .filter((file) => file.isFile())
    .map((file) => statSync(join(file.parentPath, file.name)).mtimeMs)
  return Math.max(...newest) > statSync(stamp).mtimeMs
}
