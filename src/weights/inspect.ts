// What a checkpoint's folder holds, and everything that is wrong with it: here a fault does not stop the look, it joins
// the list. Only headers and config files are read.
import type { ModelConfig } from '../config/model-config.ts'
import { SailError } from '../errors.ts'
import { unexpectedWeights, weightFaults } from './check.ts'
import { type Checkpoint, openCheckpoint } from './checkpoint.ts'
import type { Folder } from './folder.ts'
import { hasVisEmbed, readConfig } from './read-config.ts'

export interface InspectedTensor {
  readonly name: string
  readonly dtype: string
  readonly shape: readonly number[]
  readonly bytes: number
  readonly file: string
}

export interface Inspection {
  /** null when config.json is missing or wrong. */
  readonly config: ModelConfig | null
  readonly files: readonly { readonly name: string; readonly byteLength: number }[]
  /** Sorted by name. */
  readonly tensors: readonly InspectedTensor[]
  /** Bytes of keys and values a token, in f32; null without a config. */
  readonly cacheBytesPerToken: number | null
  /** What keeps the checkpoint from being loaded, each with its code. Empty: it loads. */
  readonly problems: readonly { readonly code: string; readonly message: string }[]
  /** What is only worth knowing: tensors that nothing will use. */
  readonly warnings: readonly string[]
}

/** @throws nothing of the checkpoint's making: its faults are in `problems`; signal.reason when aborted */
export async function inspectCheckpoint(folder: Folder, signal?: AbortSignal): Promise<Inspection> {
  const problems: { code: string; message: string }[] = []
  const tried = async <T>(work: () => Promise<T>): Promise<T | null> => {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof SailError)) throw error
      problems.push({ code: error.code, message: error.message })
      return null
    }
  }
  const checkpoint = await tried(() => openCheckpoint(folder, signal))
  try {
    // Without tensors nobody knows whether it reads images; as a vision model, config.json is checked whole.
    const config = await tried(() => readConfig(folder, checkpoint === null || hasVisEmbed(checkpoint), signal))
    const warnings: string[] = []
    if (config !== null && checkpoint !== null) {
      for (const message of weightFaults(config, checkpoint)) problems.push({ code: 'E_WEIGHTS_MISMATCH', message })
      const unexpected = unexpectedWeights(config, checkpoint)
      if (unexpected !== null) warnings.push(unexpected)
    }
    return {
      config,
      files: checkpoint?.files ?? [],
      tensors: checkpoint === null ? [] : listTensors(checkpoint),
      cacheBytesPerToken: config === null ? null : 2 * config.dims.L * config.dims.G * config.dims.E * 4,
      problems,
      warnings,
    }
  } finally {
    await checkpoint?.close()
  }
}

function listTensors({ tensors, others }: Checkpoint): InspectedTensor[] {
  return [...tensors, ...others]
    .map(([name, { dtype, shape, byteLength, file }]) => ({ name, dtype, shape, bytes: byteLength, file }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}
