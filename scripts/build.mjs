// Compiles src/ into dist/. The stamp is written last, so an interrupted build is made again.
import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { must, root } from './setup.mjs'

const dist = join(root, 'dist')
console.error('building ...')
rmSync(dist, { recursive: true, force: true })
must(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json'])
chmodSync(join(dist, 'cli', 'sail.js'), 0o755)
writeFileSync(join(dist, '.built'), '')
