// Which build of the kernels runs. strict gives the same bits on every machine; relaxed is faster where the engine has
// relaxed SIMD, whose results may differ in the last place. Having it is not enough: an engine has been seen whose
// relaxed dots are wrong, so `auto` takes relaxed only when it computes what strict computes (probe.ts).
import { SailError } from '../../errors.ts'
import type { WasmHost } from './host.ts'
import { instantiate, type KernelExports } from './kernel-exports.ts'
import { newMemory } from './memory/shard-memory.ts'
import type { StoredFormat } from './plan/program.ts'
import { disagreement, fasterFused } from './probe.ts'

export interface Kernels {
  readonly name: 'strict' | 'relaxed'
  readonly module: WebAssembly.Module
  /** The same kernels on a small memory of their own: they know sizes that plans are made of. */
  readonly exports: KernelExports
  /** Whether the fused dot instruction is the faster one here. */
  readonly fused: Readonly<Record<'q8' | 'q4', boolean>>
  readonly notes: readonly string[]
}

/**
 * `formats`: those that the model's weights will have.
 * @throws SailError E_KERNELS_UNAVAILABLE when relaxed was asked for and is not there, E_KERNELS_* of the host
 */
export async function chooseKernels(
  wanted: 'strict' | 'relaxed' | 'auto',
  shared: boolean,
  formats: ReadonlySet<StoredFormat>,
  host: WasmHost,
): Promise<Kernels> {
  const module = await host.compile(shared ? 'strict' : 'single')
  const memory = newMemory(4e6, shared)
  const exports = instantiate(module, memory)
  const fused = { q8: false, q4: false } // the same code in the strict build
  const strict = { name: 'strict', module, exports, fused, notes: [] } as const
  if (wanted === 'strict') return strict
  const relaxed = shared ? await tryRelaxed(formats, host, exports, memory) : 'its memory must be shared with workers'
  if (typeof relaxed !== 'string') return { ...relaxed, notes: [] }
  if (wanted === 'auto') return { ...strict, notes: [`kernels auto: strict, relaxed cannot run here: ${relaxed}`] }
  throw new SailError('E_KERNELS_UNAVAILABLE', {
    file: 'Sail.load',
    place: 'kernels',
    expected: 'an engine with relaxed SIMD',
    found: relaxed,
    hint: 'use kernels strict or auto, or a newer engine (Node 22, Chrome 114)',
  })
}

/** The relaxed kernels, or why they cannot be used. */
async function tryRelaxed(
  formats: ReadonlySet<StoredFormat>,
  host: WasmHost,
  strict: KernelExports,
  strictMemory: WebAssembly.Memory,
): Promise<Omit<Kernels, 'notes'> | string> {
  try {
    const module = await host.compile('relaxed')
    const memory = newMemory(4e6, true)
    const exports = instantiate(module, memory)
    const wrong = disagreement(formats, exports, memory, strict, strictMemory)
    return wrong ?? { name: 'relaxed', module, exports, fused: fasterFused(formats, exports, memory) }
  } catch (error) {
    if (error instanceof SailError) throw error
    return `the engine refuses them (${error instanceof Error ? error.message.slice(0, 80) : error})`
  }
}
