// The two config files of a checkpoint's folder, read and parsed. Which family a checkpoint is of depends on whether it
// holds the patch embedding, so its tensors come first.
import { families } from '../config/family.ts'
import type { ModelConfig } from '../config/model-config.ts'
import { parseConfig } from '../config/parse.ts'
import { type Folder, readWhole } from './folder.ts'

const maxBytes = 1 << 20

/** Whether a checkpoint reads images. */
export function hasVisEmbed({ tensors }: { readonly tensors: ReadonlyMap<string, unknown> }): boolean {
  return Object.values(families).some(({ patchEmbed }) => patchEmbed !== null && tensors.has(patchEmbed))
}

/** @throws SailError E_FILE_MISSING without a config.json, E_CONFIG_*; the folder's own errors */
export async function readConfig(folder: Folder, vision: boolean, signal?: AbortSignal): Promise<ModelConfig> {
  const generation = 'generation_config.json'
  return parseConfig({
    config: await readWhole(folder, 'config.json', maxBytes, signal),
    generation: (await folder.has(generation, signal)) ? await readWhole(folder, generation, maxBytes, signal) : null,
    hasVisEmbed: vision,
    file: `${folder.name}/config.json`,
  })
}
