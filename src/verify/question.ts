// What was asked, as a dump's metadata tell it, and what of it can be had here: the image may have to be looked for.
import type { ImageInput } from '../api.ts'
import type { GoldenFile } from './golden-file.ts'

export interface GoldenQuestion {
  /** null when the metadata name none: the ids of the dump are then taken as they are. */
  readonly prompt: string | null
  readonly raw: boolean
  /** Whether the dump is of a question about an image. */
  readonly ofImage: boolean
  /** The image itself, where it was found. */
  readonly image: ImageInput | null
  readonly maxNewTokens: number | null
}

const imageStages = ['image.rgb', 'image.resized', 'patches', 'grid', 'vision_features']

export function questionOf({ metadata, tensors }: GoldenFile, image: ImageInput | null): GoldenQuestion {
  const count = metadata.get('max_new_tokens') ?? ''
  return {
    prompt: metadata.get('prompt') ?? null,
    raw: metadata.get('raw') === 'true',
    ofImage: image !== null || metadata.has('image') || imageStages.some((name) => tensors.has(name)),
    image,
    maxNewTokens: /^\d{1,7}$/.test(count) ? Number(count) : null,
  }
}
