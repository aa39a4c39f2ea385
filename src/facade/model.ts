// A loaded checkpoint: config, tokenizer, engine. Loading goes from cheap to dear, so that a wrong folder is refused
// before gigabytes are read:
//   config.json -> headers of the weights -> names and shapes -> tokenizer.json -> weights
import type { LoadOptions, SailInfo, Source } from '../api.ts'
import type { LoadRequest, WeightSource } from '../backends/backend.ts'
import type { ModelConfig } from '../config/model-config.ts'
import { PassGraphs } from '../generate/pass-graphs.ts'
import type { Tokenizer } from '../tokenizer/tokenizer.ts'
import { checkWeights } from '../weights/check.ts'
import { openCheckpoint } from '../weights/checkpoint.ts'
import type { Folder } from '../weights/folder.ts'
import { hasVisEmbed, readConfig } from '../weights/read-config.ts'
import { type ChosenBackend, chooseBackend, chooseForModel } from './choose-backend.ts'
import type { Environment } from './environment.ts'
import { GuardedEngine } from './guarded-engine.ts'
import { type LoadSettings, loadSettings } from './load-options.ts'
import { packedOptions } from './packed-options.ts'
import { preferGpu } from './prefer-gpu.ts'
import { checkTokens, readTokenizer } from './tokenizer-file.ts'

export interface Model {
  readonly environment: Environment
  readonly config: ModelConfig
  readonly tokenizer: Tokenizer
  readonly engine: GuardedEngine
  readonly graphs: PassGraphs
  readonly info: SailInfo
  readonly maxPatches: number
  readonly maxPixels: number
  /** Ids that the family never generates. */
  readonly suppressed: readonly number[]
  readonly loadMs: number
  readonly logger: (message: string) => void
}

/** @throws SailError of every part that a checkpoint is made of; signal.reason */
export async function loadModel(source: Source, options: LoadOptions, environment: Environment): Promise<Model> {
  const start = performance.now()
  const asked = loadSettings(options)
  const { signal, logger = () => {} } = options
  signal?.throwIfAborted()
  await chooseBackend(asked, environment) // refuses what cannot be had before a folder is opened
  const folder = await environment.openFolder(source)
  const checkpoint = await openCheckpoint(folder, signal)
  try {
    const settings = loadSettings(packedOptions(folder.name, checkpoint, options))
    const possible = await chooseBackend(settings, environment)
    const config = await readConfig(folder, hasVisEmbed(checkpoint), signal)
    const warning = checkWeights(config, checkpoint, folder.name)
    if (warning !== null) logger(`${folder.name}: ${warning}`)
    const tokenizer = await readTokenizer(folder, signal)
    checkTokens(config, tokenizer)
    const suppressed = suppressedIds(config, tokenizer)
    const fitting = chooseForModel(possible, settings, config)
    const chosen = await preferGpu(fitting, checkpoint, settings, options, environment)
    const engine = new GuardedEngine(
      await chosen.backend.load(request(config, chosen.view(checkpoint, config), settings, options)),
    )
    const info = describe(folder, config, settings, chosen, engine)
    const loadMs = performance.now() - start
    const graphs = new PassGraphs(config)
    const { maxPatches, maxPixels } = settings
    return { environment, config, tokenizer, engine, graphs, info, maxPatches, maxPixels, suppressed, loadMs, logger }
  } finally {
    await checkpoint.close()
  }
}

function request(
  config: ModelConfig,
  weights: WeightSource,
  settings: LoadSettings,
  options: LoadOptions,
): LoadRequest {
  const { signal, onProgress } = options
  return {
    config,
    weights,
    numerics: settings.numerics,
    ...(signal !== undefined && { signal }),
    ...(onProgress !== undefined && { onProgress }),
  }
}

function describe(
  folder: Folder,
  config: ModelConfig,
  { numerics, weights }: LoadSettings,
  { notes }: ChosenBackend,
  { info }: GuardedEngine,
): SailInfo {
  return {
    ...info,
    weights: weights === 'exact' || numerics === 'bf16' ? info.weights : weights,
    notes: [...notes, ...info.notes],
    family: config.family.name,
    model: folder.name,
    numerics,
  }
}

function suppressedIds({ family, dims }: ModelConfig, tokenizer: Tokenizer): number[] {
  if (family.suppressFrom === null) return []
  const from = tokenizer.tokenId(family.suppressFrom)
  return Array.from({ length: Math.max(0, dims.V - from) }, (_, i) => from + i)
}
