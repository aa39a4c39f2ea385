// What a checkpoint's folder holds, and everything that is wrong with it: here a fault does not stop the look, it joins
// the list. Only headers and config files are read.
import type { ModelConfig } from '../config/model-config.ts'
import { SailError } from '../errors.ts'
import { unexpectedWeights, weightFaults } from './check.ts'
import { type Checkpoint, checkOrigin, openCheckpoint } from './checkpoint.ts'
import type { Folder } from './folder.ts'
import { partBytes } from './formats/packed-weights.ts'
import { checkSums } from './packed/check-sums.ts'
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
  /** Of a packed folder: what it was packed in, and the hash of what it was made from; null for any other. */
  readonly packed: { readonly weights: 'bf16' | 'q8' | 'q4'; readonly source: string } | null
  /** What keeps the checkpoint from being loaded, each with its code. Empty: it loads. */
  readonly problems: readonly { readonly code: string; readonly message: string }[]
  /** What is only worth knowing: tensors that nothing will use. */
  readonly warnings: readonly string[]
}

export interface InspectOptions {
  /** Whether a packed folder's data are read too, and held against its sums. */
  readonly check?: boolean
  /** The checkpoint that a packed folder should be made from. */
  readonly original?: Folder
  readonly signal?: AbortSignal
}

/** @throws nothing of the checkpoint's making: its faults are in `problems`; signal.reason when aborted */
export async function inspectCheckpoint(
  folder: Folder,
  { check = false, original, signal }: InspectOptions = {},
): Promise<Inspection> {
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
    const packed = checkpoint?.packed
    if (packed !== undefined && original !== undefined)
      await tried(() => checkOrigin(folder, packed.head, original, signal))
    if (packed !== undefined && check)
      for (const { code, message } of (await tried(() => checkSums(packed, signal))) ?? [])
        problems.push({ code, message })
    return {
      config,
      files: checkpoint?.files ?? [],
      tensors: checkpoint === null ? [] : listTensors(checkpoint),
      cacheBytesPerToken: config === null ? null : 2 * config.dims.L * config.dims.G * config.dims.E * 4,
      packed: packedOf(checkpoint),
      problems,
      warnings,
    }
  } finally {
    await checkpoint?.close()
  }
}

function packedOf(checkpoint: Checkpoint | null): Inspection['packed'] {
  const packed = checkpoint?.packed
  return packed === undefined ? null : { weights: packed.weights, source: packed.head.source }
}

/** In a packed folder: the parts, in the formats that they are kept in. */
function listTensors({ tensors, others, packed }: Checkpoint): InspectedTensor[] {
  if (packed !== undefined)
    return [...packed.parts].map(([name, part]) => {
      return { name, dtype: part.format, shape: part.shape, bytes: partBytes(part), file: packed.fileOf(name) }
    })
  return [...tensors, ...others]
    .map(([name, { dtype, shape, byteLength, file }]) => ({ name, dtype, shape, bytes: byteLength, file }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}
