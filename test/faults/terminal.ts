// A command on a real terminal: util-linux's `script` gives it a pseudo-terminal for stdin, stdout and stderr, and hands
// back every byte that reached it.
import { spawnSync } from 'node:child_process'
import { entry } from '../support/cli.ts'
import { root } from '../support/golden.ts'

/** Why a terminal cannot be had here, or null. */
export const noTerminal: string | null = (() => {
  const { stdout, error } = spawnSync('script', ['--version'], { encoding: 'utf8' })
  if (error !== undefined || !stdout.includes('util-linux')) return 'needs the command script of util-linux'
  return null
})()

const quoted = (arg: string): string => `'${arg.replaceAll("'", `'\\''`)}'`

/** What `sail` with these arguments shows on a terminal, \r\n as \n. */
export function shown(args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const command = [process.execPath, entry, ...args].map(quoted).join(' ')
  const { stdout, error } = spawnSync('script', ['-qec', command, '/dev/null'], {
    cwd: root,
    env: { ...process.env, TERM: 'xterm', ...env },
    maxBuffer: 1 << 26,
  })
  if (error !== undefined) throw error
  return stdout.toString('utf8').replaceAll('\r\n', '\n')
}
