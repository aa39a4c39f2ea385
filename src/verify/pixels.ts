// From the image to patches, each step from the dump's own input: the decoded image from the file, the resized one from
// the dump's decoded one, the patches from the dump's resized one. All of them end in a `Prepared` of the subject: an
// image that is already of the target size is resized to itself.
import type { ImageInput, Prepared } from '../api.ts'
import { SailError } from '../errors.ts'
import { findStage } from '../graph/stages-names.ts'
import type { GoldenTensors } from './golden-tensors.ts'
import type { GoldenQuestion } from './question.ts'
import type { Subject } from './subject.ts'

export interface Pixels {
  /** From the image file; null when it was not found. */
  readonly fromFile: Prepared | null
  /** From the dump's image.rgb. */
  readonly fromRgb: Prepared | null
  /** From the dump's image.resized. */
  readonly fromResized: Prepared | null
}

export async function pixels(
  subject: Subject,
  golden: GoldenTensors,
  question: GoldenQuestion,
  signal?: AbortSignal,
): Promise<Pixels> {
  const prepare = (image: ImageInput) => prepareImage(subject, question, image, signal)
  const fromFile = question.image === null ? null : await prepare(question.image)
  return {
    fromFile,
    fromRgb: await fromTensor(golden, 'image.rgb', prepare),
    fromResized: await fromTensor(golden, 'image.resized', prepare),
  }
}

/** The sequence of the question about an image. */
export function prepareImage(
  subject: Subject,
  { prompt, raw }: GoldenQuestion,
  image: ImageInput,
  signal?: AbortSignal,
): Promise<Prepared> {
  return subject.prepare({ image, prompt: prompt ?? '', raw }, signal === undefined ? {} : { signal })
}

/** An image of nothing that has this many patches: it stands in where only the sequence matters. */
export function blankImage([GH, GW]: readonly [number, number], p: number): ImageInput {
  return { data: new Uint8Array(GH * p * GW * p * 3), width: GW * p, height: GH * p }
}

async function fromTensor(
  golden: GoldenTensors,
  name: 'image.rgb' | 'image.resized',
  prepare: (image: ImageInput) => Promise<Prepared>,
): Promise<Prepared | null> {
  const place = findStage(name)
  if (place === null || golden.misfit(name, place, {}) !== null) return null
  const { dtype, shape, data } = await golden.read(name)
  if (dtype !== 'U8') return null
  try {
    const prepared = await prepare({ data, width: shape[1], height: shape[0] })
    const same = name !== 'image.resized' || prepared.image?.resized.shape.every((size, axis) => size === shape[axis])
    return same === true ? prepared : null
  } catch (error) {
    // An image of the dump that cannot be used fails its own stage; the next step then starts from the file.
    if (error instanceof SailError && error.code.startsWith('E_IMAGE_')) return null
    throw error
  }
}
