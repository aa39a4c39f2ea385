// sail bench: load, time whole passes and tokens, profile one of each, note the memory, close the model, and only then
// measure the roofs, which need memory of their own.
import { cpus, totalmem } from 'node:os'
import { vectorBits } from '../../node/vectors.ts'
import type { PassProfile, Profiler } from '../../node.ts'
import type { ModelFlags } from '../common-flags.ts'
import type { Context } from '../context.ts'
import { withModel } from '../load.ts'
import { write, writeJson } from '../stdout.ts'
import type { BenchReport } from './bench-report.ts'
import { measureGpuRoofs } from './gpu-roofs.ts'
import { measure } from './measure.ts'
import { opTable } from './ops.ts'
import { measureRoofs } from './roofs.ts'
import { reportText } from './text.ts'

export interface BenchFlags extends ModelFlags {
  readonly patches: readonly number[]
  readonly steps: number
  readonly runs: number
  readonly json?: boolean
}

export async function bench(flags: BenchFlags, { signal }: Context): Promise<void> {
  const profiles: PassProfile[] = []
  const profiler = { active: false, take: (profile: PassProfile) => void profiles.push(profile) }
  const begin = performance.now()
  const work = withModel(
    flags,
    signal,
    async (sail) => {
      const load_ms = performance.now() - begin
      const measured = await measure(sail, { ...flags, signal }, (pass) => profiled(profiler, pass))
      const { kernels, threads, weights, adapter } = sail.info
      const model = { layers: sail.config.dims.L, kernels, threads, weights, ...(adapter !== undefined && { adapter }) }
      return { model, load_ms, peak_rss_bytes: process.resourceUsage().maxRSS * 1024, ...measured }
    },
    profiler,
  )
  const measured = await work
  const { kernels, threads, adapter } = measured.model
  const build = kernels === 'relaxed' ? 'relaxed' : 'strict'
  const roofs = await (adapter === undefined ? measureRoofs(build, threads) : measureGpuRoofs())
  signal.throwIfAborted()
  const machine = { cpu: cpus()[0]?.model.trim() ?? '', cores: cpus().length, memory: totalmem() }
  const engine = { node: process.version, v8: process.versions.v8, vectors: vectorBits() }
  const ops = profiles.map((profile) => opTable(profile, kernels, roofs))
  const report: BenchReport = { machine, engine, ...measured, roofs, ops }
  if (flags.json) await writeJson(report)
  else await write(reportText(report))
}

async function profiled(profiler: Profiler & { active: boolean }, pass: () => Promise<unknown>): Promise<void> {
  profiler.active = true
  try {
    await pass()
  } finally {
    profiler.active = false
  }
}
