// npm run bench -- engines: one checkpoint on Node 20, 22 and 24, each with the strict and, where it has one, the relaxed
// build, and in headless Chromium.   --install fetches the three Nodes from npm into the cache; [--model DIR] [--out FILE]
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type BrowserResult, inChromium } from './browser/run.ts'
import { cache, engines, sailBench } from './child.ts'
import { install } from './install.ts'
import { machine, writeResult } from './machine.ts'
import type { EngineReport } from './results.ts'

const FLAGS = ['--patches', '254', '--steps', '20', '--runs', '3', '--threads', '2']

export async function main(args: string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args,
    options: { install: { type: 'boolean' }, model: { type: 'string' }, out: { type: 'string' } },
  })
  if (flags.install) return fetchEngines()
  if (flags.model === undefined) throw new Error('engines: --model DIR is missing')
  const reports: EngineReport[] = []
  const write = (chromium: BrowserResult): void => writeResult(flags.out, { machine: machine(), reports, chromium })
  for (const [name, node] of engines())
    for (const kernels of ['strict', 'relaxed']) {
      try {
        reports.push(sailBench(flags.model, [...FLAGS, '--kernels', kernels], node))
      } catch (error) {
        const missing = String(error).replaceAll(node, name).slice(0, 300) // a result names no folder of this machine
        reports.push({ engine: `${name} ${kernels}`, missing })
      }
      if (flags.out !== undefined) write({ missing: 'not reached' }) // an interrupted run keeps what it has
    }
  write(await inChromium({ model: flags.model, tokens: 256, steps: 20, runs: 3 }))
}

function fetchEngines(): void {
  const folder = join(cache, 'engines')
  mkdirSync(folder, { recursive: true })
  const name = `node-${process.platform}-${process.arch}`
  install('npm', ['install', '--prefix', folder, ...['20', '22', '24'].map((v) => `node${v}@npm:${name}@${v}`)])
}
