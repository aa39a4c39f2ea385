// Before the first test: the AssemblyScript kernels are compiled if a source is newer than its result.
import { execFileSync } from 'node:child_process'
import { root } from './golden.ts'

export function setup(): void {
  execFileSync(process.execPath, [`${root}scripts/build-wasm.mjs`], { stdio: ['ignore', 2, 2] })
}
