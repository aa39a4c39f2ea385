// Compiles assembly/ and src/ into dist/. The stamp is written last, so an interrupted build is made again.
import { chmodSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { buildKernels } from './build-wasm.mjs'
import { must, root } from './setup.mjs'

const dist = join(root, 'dist')
console.error('building ...')
rmSync(dist, { recursive: true, force: true })
must(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json'])
const kernels = join(dist, 'backends', 'wasm', 'kernels')
mkdirSync(kernels, { recursive: true })
for (const file of Object.values(buildKernels())) cpSync(file, join(kernels, basename(file)))
for (const file of Object.values(buildKernels({ roofs: true })))
  cpSync(file, join(dist, 'cli', 'bench', basename(file)))
chmodSync(join(dist, 'cli', 'sail.js'), 0o755)
writeFileSync(join(dist, '.built'), '')
