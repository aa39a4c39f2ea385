// Fetches and builds what only benches need, showing what it does; nothing of it becomes a dependency of the project.
import { spawnSync } from 'node:child_process'

/** @throws Error when the command fails */
export function install(command: string, args: readonly string[], cwd = '.'): void {
  console.error([command, ...args].join(' '))
  const { status } = spawnSync(command, args, { cwd, stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error(`${command} ended with ${status}`)
}
