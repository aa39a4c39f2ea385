// The feature map of an image, written as a safetensors file.
import type { ModelFlags } from './common-flags.ts'
import type { Context } from './context.ts'
import { withModel } from './load.ts'
import { modelName } from './metadata.ts'
import { openOut } from './out-file.ts'
import { writeTensors } from './write-tensors.ts'

export interface FeaturesFlags extends ModelFlags {
  readonly image: string
  readonly out: string
}

export async function features(flags: FeaturesFlags, { signal }: Context): Promise<void> {
  const sink = await openOut(flags.out, signal)
  try {
    await withModel(flags, signal, async (sail, show, image) => {
      const features = await sail.features(image!, { signal })
      const metadata = { grid: JSON.stringify(features.grid), image: flags.image, model: modelName(flags.model) }
      await writeTensors(sink, { features }, metadata, signal)
      show.say(`features (${features.shape.join(', ')}) in ${flags.out}`)
    })
  } catch (error) {
    await sink.abort()
    throw error
  }
}
