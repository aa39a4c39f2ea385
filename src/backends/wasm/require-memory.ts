// Refuses a model that cannot fit before anything is read, and names the best format that would.
import type { ModelConfig } from '../../config/model-config.ts'
import { SailError } from '../../errors.ts'
import type { WeightDtype } from '../backend.ts'
import type { WasmHost } from './host.ts'
import { type MemoryOptions, type MemoryPlan, planMemory } from './plan/plan-memory.ts'
import type { WeightFormat } from './plan/stored-weights.ts'

interface Machine {
  readonly config: ModelConfig
  readonly dtype: (name: string) => WeightDtype
  readonly options: MemoryOptions
  readonly host: Pick<WasmHost, 'memory'>
}

/** From the most exact down. */
const formats: readonly WeightFormat[] = ['exact', 'f32', 'bf16', 'q8', 'q4']

/** @throws SailError E_MEMORY_SHORT */
export async function requireMemory(plan: MemoryPlan, machine: Machine): Promise<void> {
  const { bytes, source } = await machine.host.memory()
  if (bytes === null || plan.total <= bytes) return
  const best = formats.find((format) => needOf(format, machine) <= bytes)
  throw new SailError('E_MEMORY_SHORT', {
    file: 'Sail.load',
    place: `weights ${plan.format}`,
    expected: `${gigabytes(plan.total)} for this model`,
    found: `${gigabytes(bytes)}, ${source}`,
    hint:
      best === undefined ? 'no weight format fits here' : `weights ${best} fits: ${gigabytes(needOf(best, machine))}`,
  })
}

function needOf(format: WeightFormat, { config, dtype, options }: Machine): number {
  return planMemory(config, dtype, format, options).total
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`
}
