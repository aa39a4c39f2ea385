// From a question to everything the passes need: pixels, patches, ids, positions, passes. All faults of an image or a
// prompt show here, before the model runs.
import type { Prepared, Question } from '../api.ts'
import { SailError } from '../errors.ts'
import { preprocess } from '../image/preprocess.ts'
import { checkFits } from '../sequence/check-fits.ts'
import { planPasses } from '../sequence/passes.ts'
import { buildSequence } from '../sequence/sequence.ts'
import { readImage } from './image-input.ts'
import type { Model } from './model.ts'

/** @throws SailError E_QUESTION_*, E_MODEL_NO_VISION, E_IMAGE_*, E_SEQUENCE_*, E_TOKENIZER_*; signal.reason */
export async function prepare(model: Model, question: Question, signal?: AbortSignal): Promise<Prepared> {
  checkQuestion(question)
  const { image, prompt, raw = false } = question
  const { config, tokenizer } = model
  const pixels = image === undefined ? null : await pixelsOf(model, image, signal)
  const sequence = buildSequence({
    family: config.family,
    encode: (text, options) => tokenizer.encode(text, options),
    tokenId: (name) => tokenizer.tokenId(name),
    grid: pixels?.grid ?? null,
    prompt,
    raw,
  })
  checkFits(sequence, config)
  return {
    image: pixels === null ? null : { rgb: pixels.rgb, resized: pixels.resized },
    patches: pixels?.patches ?? null,
    ...sequence,
    passes: planPasses(config.family, sequence, config.slidingWindow),
  }
}

async function pixelsOf(model: Model, image: NonNullable<Question['image']>, signal?: AbortSignal) {
  const { config, environment, logger, maxPatches, maxPixels } = model
  if (config.patchSize === null || config.family.size === null) throw noVision(model)
  const rgb = await readImage(image, { environment, logger, maxPixels, signal })
  return preprocess(rgb, config.patchSize, Math.min(maxPatches, config.family.size.maxPatches))
}

function noVision({ info }: Model): SailError {
  return new SailError('E_MODEL_NO_VISION', {
    file: info.model,
    place: 'image',
    expected: 'a question without an image',
    found: 'an image for a checkpoint without vis_embed',
    hint: 'this checkpoint reads text only; load a SAIL checkpoint for images',
  })
}

function checkQuestion(question: Question): void {
  const known = ['image', 'prompt', 'raw']
  const unknown = Object.keys(question).find((key) => !known.includes(key))
  if (unknown !== undefined) throw fault('E_QUESTION_UNKNOWN', unknown, known.join(', '), 'no such field')
  const { prompt, raw } = question
  if (typeof prompt !== 'string')
    throw fault('E_QUESTION_PROMPT', 'prompt', 'a text, which may be empty', typeof prompt)
  if (raw !== undefined && typeof raw !== 'boolean') throw fault('E_QUESTION_RAW', 'raw', 'true or false', typeof raw)
}

function fault(code: `E_${string}`, place: string, expected: string, found: string): SailError {
  return new SailError(code, { file: 'question', place, expected, found })
}
