// npm run bench -- engines: one checkpoint on Node 20, 22 and 24, each with the strict and, where it has one, the relaxed
// build, and in headless Chromium.   --install fetches the three Nodes from npm into the cache; [--model DIR] [--out FILE]
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { BenchReport } from '../src/cli/bench/bench-report.ts'
import { inChromium } from './browser/run.ts'
import { cache, engines, sailBench } from './child.ts'
import { install } from './install.ts'
import { machine, writeResult } from './machine.ts'

const FLAGS = ['--patches', '62,254', '--steps', '20', '--runs', '3', '--threads', '2']

export async function main(args: string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args,
    options: { install: { type: 'boolean' }, model: { type: 'string' }, out: { type: 'string' } },
  })
  if (flags.install) return fetchEngines()
  if (flags.model === undefined) throw new Error('engines: --model DIR is missing')
  const reports: (BenchReport | { readonly engine: string; readonly missing: string })[] = []
  for (const [, node] of engines())
    for (const kernels of ['strict', 'relaxed']) {
      try {
        reports.push(sailBench(flags.model, [...FLAGS, '--kernels', kernels], node))
      } catch (error) {
        reports.push({ engine: `${node} ${kernels}`, missing: String(error).slice(0, 300) })
      }
    }
  const chromium = await inChromium({ model: flags.model, tokens: 256, steps: 20, runs: 3 })
  writeResult(flags.out, { machine: machine(), reports, chromium })
}

function fetchEngines(): void {
  const folder = join(cache, 'engines')
  mkdirSync(folder, { recursive: true })
  const name = `node-${process.platform}-${process.arch}`
  install('npm', ['install', '--prefix', folder, ...['20', '22', '24'].map((v) => `node${v}@npm:${name}@${v}`)])
}
