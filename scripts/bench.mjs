// npm run bench -- COMMAND: builds what is measured, compiles bench/ beside it (so that any Node from 20 on can run it) and
// runs the command; `--engine PATH` as the first argument takes another Node than this one.
import { spawnSync } from 'node:child_process'
import { cpSync } from 'node:fs'
import { basename, join } from 'node:path'
import { buildKernels } from './build-wasm.mjs'
import { build, install, must, root } from './setup.mjs'

install()
build()
must(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'bench'])
const compiled = join(root, 'bench', 'build')
for (const file of Object.values(buildKernels({ roofs: true })))
  cpSync(file, join(compiled, 'src', 'cli', 'bench', basename(file)))

const args = process.argv.slice(2)
const engine = args[0] === '--engine' ? args.splice(0, 2)[1] : process.execPath
const { status } = spawnSync(engine, [join(compiled, 'bench', 'run.js'), ...args], { cwd: root, stdio: 'inherit' })
process.exitCode = status ?? 1
