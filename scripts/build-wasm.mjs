// Compiles assembly/ into src/backends/wasm/kernels/{strict,relaxed,single}.wasm, each only when a source is newer than
// its result; `--force` compiles all, `--text` writes .wat files beside them, `--roofs` the roofs that bench/ measures. Flags and targets: asconfig.json.
// A result appears whole or not at all: test workers may ask for it at the same time.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const config = JSON.parse(readFileSync(join(root, 'asconfig.json'), 'utf8'))
const time = (file) => (existsSync(file) ? statSync(file).mtimeMs : 0)

/** Brings the compiled kernels, or the roofs of bench/, up to date and returns their files by target. */
export function buildKernels({ force = false, text = false, roofs = false } = {}) {
  const files = {}
  const entry = roofs ? 'bench/kernels/assembly/roofs.ts' : 'assembly/index.ts'
  for (const [target, { outFile }] of Object.entries(config.targets)) {
    if (target.startsWith('roofs') !== roofs) continue
    const out = join(root, outFile)
    const folder = dirname(join(root, entry))
    const sources = readdirSync(folder).map((name) => join(folder, name))
    const newest = Math.max(...[...sources, join(root, 'asconfig.json')].map(time))
    if (force || time(out) < newest) compile(entry, target, out, text)
    files[target] = out
  }
  return files
}

function compile(entry, target, out, text) {
  mkdirSync(dirname(out), { recursive: true })
  const made = `${out}.${process.pid}.tmp`
  const asc = join(root, 'node_modules', 'assemblyscript', 'bin', 'asc.js')
  const args = [entry, '--target', target, '-o', made, ...(text ? ['-t', out.replace(/wasm$/, 'wat')] : [])]
  const { status, error } = spawnSync(process.execPath, [asc, ...args], { cwd: root, stdio: ['ignore', 2, 2] })
  if (error || status !== 0) {
    rmSync(made, { force: true })
    throw error ?? new Error(`asc --target ${target} ended with status ${status}`)
  }
  renameSync(made, out)
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const asked = (flag) => process.argv.includes(`--${flag}`)
  buildKernels({ force: asked('force'), text: asked('text'), roofs: asked('roofs') })
}
