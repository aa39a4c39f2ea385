// What bench/results/ holds: one file a command, called after what it measures. A file that is missing leaves its lines out.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchReport } from '../src/cli/bench/bench-report.ts'
import type { EngineReport } from './engines.ts'
import type { KernelResult } from './kernels/rows.ts'
import type { GpuResult } from './kernels/webgpu.ts'
import type { Machine } from './machine.ts'
import type { Layer } from './peers/layer.ts'
import type { Models } from './peers/llama.ts'
import type { OnnxRow } from './peers/onnx.ts'
import type { Browsers } from './peers/wllama.ts'

type Measured<T> = { readonly machine: Machine } & T

export interface Results {
  /** The two builds of the kernels, and the strict one on Node 20. */
  readonly relaxed?: KernelResult
  readonly strict?: KernelResult
  readonly node20?: KernelResult
  readonly q4?: Measured<{ readonly models: Models }>
  readonly q8?: Measured<{ readonly models: Models }>
  readonly layer?: Measured<{ readonly layer: Layer }>
  readonly browser?: Measured<{ readonly browser: Browsers }>
  readonly onnx?: Measured<{ readonly onnx: { readonly rows: readonly OnnxRow[] } }>
  readonly engines?: Measured<{ readonly reports: readonly EngineReport[] }>
  /** 32 layers of tiny widths; a 7B whose bf16 shards become q4 while they are read. */
  readonly fixed?: BenchReport
  readonly packing?: BenchReport
  readonly webgpu?: GpuResult
  readonly loading?: Measured<{ readonly bytes: number; readonly share: number; readonly peakRss: number }>
}

export const resultFiles: Readonly<Record<keyof Results, string>> = {
  relaxed: 'kernels-relaxed',
  strict: 'kernels-strict',
  node20: 'kernels-strict-node20',
  q4: 'peers-7b-q4',
  q8: 'peers-7b-q8',
  layer: 'peers-layer',
  browser: 'peers-browser',
  onnx: 'peers-onnx',
  engines: 'engines',
  fixed: 'models-fixed-cost',
  packing: 'models-7b-packing',
  webgpu: 'webgpu',
  loading: 'loading-7b-q4',
}

export function readResults(folder: string): Results {
  const found = Object.entries(resultFiles).flatMap(([key, file]) => {
    const path = join(folder, `${file}.json`)
    return existsSync(path) ? [[key, JSON.parse(readFileSync(path, 'utf8'))]] : []
  })
  return Object.fromEntries(found) as Results
}
