// Brings a fresh clone to the point where the built command line runs: npm ci, then the build. Each step runs only when
// its inputs are newer than its result, so `npm start` and `npm test` need nothing else and start at once the next time.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Runs a command in the root folder and exits with its status when it fails. */
export function must(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['inherit', 2, 'inherit'], ...options })
  if (error) throw error
  if (status !== 0) process.exit(status ?? 1)
}

const time = (file) => (existsSync(file) ? statSync(file).mtimeMs : 0)

function newest(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((latest, entry) => Math.max(latest, time(join(entry.parentPath ?? entry.path, entry.name))), 0)
}

export function install() {
  if (Number(process.versions.node.split('.')[0]) < 20) {
    console.error(`sail-ts needs Node 20 or newer, this is ${process.versions.node}`)
    process.exit(2)
  }
  const lock = join(root, 'package-lock.json')
  if (time(join(root, 'node_modules', '.package-lock.json')) >= time(lock)) return
  console.error('installing packages (npm ci) ...')
  const npm = process.env.npm_execpath // the npm that started us, whatever its name on this system
  if (npm) must(process.execPath, [npm, 'ci', '--no-audit', '--no-fund'])
  else must('npm', ['ci', '--no-audit', '--no-fund'], { shell: process.platform === 'win32' })
}

export function build() {
  const stamp = join(root, 'dist', '.built')
  const sources = Math.max(
    newest(join(root, 'src')),
    newest(join(root, 'assembly')),
    ...['tsconfig.json', 'asconfig.json', 'package.json'].map((name) => time(join(root, name))),
  )
  if (time(stamp) >= sources) return
  must(process.execPath, [join(root, 'scripts', 'build.mjs')])
}
