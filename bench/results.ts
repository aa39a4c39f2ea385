// What bench/results/ holds: one file a command, called after what it measures. A file that is missing leaves its lines out.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchReport } from '../src/cli/bench/bench-report.ts'
import type { Spread } from '../src/cli/bench/spread.ts'
import type { BrowserResult } from './browser/run.ts'
import type { KernelResult } from './kernels/rows.ts'
import type { Machine } from './machine.ts'

type Rates = Readonly<Record<'prefix' | 'decode', Spread>>
type LayerRates = { readonly prefix: Readonly<Record<string, Spread>>; readonly decode: Spread }

export interface Peers {
  readonly machine: Machine
  /** Tokens a second of whole models. */
  readonly models?: { readonly tokens: number; readonly ours: Rates; readonly llama?: Rates }
  readonly layer?: { readonly ours: LayerRates; readonly torch?: Readonly<Record<'f32' | 'bf16', LayerRates>> }
  readonly browser?: { readonly tokens: number; readonly ours: BrowserResult; readonly wllama?: BrowserResult }
}

export type Model = BenchReport & { readonly label: string }
export type EngineReport = BenchReport | { readonly engine: string; readonly missing: string }

export interface Results {
  /** 1,024 rows, two threads; the same on one thread; one row and 64. */
  readonly many?: KernelResult
  readonly single?: KernelResult
  readonly few?: KernelResult
  readonly q4?: Peers
  readonly q8?: Peers
  readonly layer?: Peers
  readonly browser?: Peers
  readonly model?: Model
  readonly modelQ8?: Model
  readonly fixed?: Model
  readonly engines?: { readonly reports: readonly EngineReport[]; readonly chromium: BrowserResult }
}

const files: Readonly<Record<keyof Results, string>> = {
  many: 'kernels-1024',
  single: 'kernels-1024-one-thread',
  few: 'kernels-1-64',
  q4: 'peers-7b-q4',
  q8: 'peers-7b-q8',
  layer: 'peers-layer',
  browser: 'peers-browser',
  model: 'models-7b-q4',
  modelQ8: 'models-7b-q8',
  fixed: 'models-fixed-cost',
  engines: 'engines',
}

export function readResults(folder: string): Results {
  const found = Object.entries(files).flatMap(([key, file]) => {
    const path = join(folder, `${file}.json`)
    return existsSync(path) ? [[key, JSON.parse(readFileSync(path, 'utf8'))]] : []
  })
  return Object.fromEntries(found) as Results
}
