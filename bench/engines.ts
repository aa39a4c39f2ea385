// npm run bench -- engines: one checkpoint on Node 20, 22 and 24 and in headless Chromium, each with the strict and, where
// the engine has it, the relaxed build: load time, a prefix pass, decoding.
//   --install fetches the three Nodes from npm into the cache; [--model DIR] [--tokens 256] [--out FILE]
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { inChromium } from './browser/run.ts'
import { cache, engines } from './child.ts'
import { install } from './install.ts'
import { machine, writeResult } from './machine.ts'
import { ours, type Rates, ratesOf } from './ours.ts'

/** What an engine gave with a build of the kernels; or why nothing. */
export type EngineReport = { readonly engine: string; readonly kernels: string } & (
  | (Rates & { readonly load: number })
  | { readonly missing: string }
)

const BUILDS = ['strict', 'relaxed'] as const
const [STEPS, RUNS] = [20, 3]

export async function main(args: string[]): Promise<void> {
  const { values: flags } = parseArgs({
    args,
    options: {
      install: { type: 'boolean' },
      model: { type: 'string' },
      tokens: { type: 'string', default: '256' },
      out: { type: 'string' },
    },
  })
  if (flags.install) return fetchEngines()
  const { model, tokens } = flags
  if (model === undefined) throw new Error('engines: --model DIR is missing')
  const reports: EngineReport[] = []
  for (const [major, node] of engines())
    for (const kernels of BUILDS)
      for (const vectors of major === '24' ? ['128', 'auto'] : ['128'])
        reports.push(await inNode(`Node ${major}`, node, { model, tokens, kernels, vectors }))
  const jobs = BUILDS.map((kernels) => {
    return { program: 'ours' as const, model, tokens: Number(tokens), steps: STEPS, runs: RUNS, kernels }
  })
  for (const [i, result] of (await inChromium(jobs, 1)).entries()) {
    const browser = 'browser' in result ? ` ${result.browser.split('.')[0]}` : ''
    reports.push({ engine: `Chromium${browser}`, kernels: BUILDS[i], ...result })
  }
  writeResult(flags.out, { machine: machine(), reports })
}

type Job = Readonly<Record<'model' | 'tokens' | 'kernels' | 'vectors', string>>

async function inNode(engine: string, node: string, job: Job): Promise<EngineReport> {
  const { kernels } = job
  try {
    const times = await ours({ ...job, runs: String(RUNS), steps: String(STEPS) }, node)
    const build = times.info.vectors > 128 ? `${kernels}, ${times.info.vectors} bits` : kernels
    return { engine, kernels: build, load: times.load, ...ratesOf([times]) }
  } catch (error) {
    const [reason] = /E_[A-Z_]+/.exec(String(error)) ?? [String(error)]
    return { engine, kernels, missing: reason.replaceAll(node, engine).slice(0, 300) } // a result names no folder of this machine
  }
}

function fetchEngines(): void {
  const folder = join(cache, 'engines')
  mkdirSync(folder, { recursive: true })
  const name = `node-${process.platform}-${process.arch}`
  install('npm', ['install', '--prefix', folder, ...['20', '22', '24'].map((v) => `node${v}@npm:${name}@${v}`)])
}
