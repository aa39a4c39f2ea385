// Image grid and prompt -> what the model is asked: ids, patch numbers and position ids, exactly upstream's.
//   text   <vision> <vpatch> * P </vision> <s>[INST] prompt [/INST]      encoded in one call: a token may depend on its
//   index  |--------- prefix ---------------|                            neighbours, and the image stands before <s>
// Source: upstream example.py, prepare_image_textual_seq_norowsep and what follows it.
import type { Family } from '../config/family.ts'
import { SailError } from '../errors.ts'
import { imagePositions, indexPositions } from './positions.ts'

export interface Sequence {
  /** (T) */
  readonly ids: Int32Array
  /** (T): patch number, row by row, or -1. */
  readonly patchIndices: Int32Array
  /** (3, T): position ids on the axes t, h, w. */
  readonly positions: Int32Array
  /** Tokens of the image, both brackets included; 0 without one. */
  readonly prefixLength: number
  /** Position of the first generated token, on all axes. */
  readonly nextPosition: number
  /** [GH, GW] */
  readonly grid: readonly [number, number] | null
}

export interface SequenceRequest {
  readonly family: Family
  readonly encode: (text: string, options: { readonly addSpecialTokens: boolean }) => readonly number[]
  readonly tokenId: (name: string) => number
  /** Patches [GH, GW]; null without an image. */
  readonly grid: readonly [number, number] | null
  readonly prompt: string
  /** The prompt as it is: no template, no added tokens. */
  readonly raw: boolean
}

/**
 * @throws SailError E_MODEL_NO_VISION (a grid, but the family reads no images), E_SEQUENCE_GRID,
 *   E_SEQUENCE_PATCH_TOKENS, E_SEQUENCE_VISION_TOKENS (the prompt spells image tokens), E_SEQUENCE_EMPTY
 */
export function buildSequence(request: SequenceRequest): Sequence {
  const { family, grid, prompt, raw, tokenId } = request
  const image = grid === null ? '' : imageText(family, grid)
  const text = raw || family.template === null ? prompt : fillIn(family, prompt)
  const addSpecialTokens = !raw && family.template === null
  const ids = Int32Array.from(request.encode(image + text, { addSpecialTokens }))
  const patches = grid === null ? 0 : grid[0] * grid[1]
  const prefixLength = grid === null ? 0 : patches + 2
  if (family.layout !== null) checkCounts(ids, family.layout, tokenId, { patches, prefixLength })
  if (!(ids.length > prefixLength)) throw empty(grid !== null)
  const patchId = grid === null || family.layout === null ? -1 : tokenId(family.layout.patch)
  let patch = 0
  const patchIndices = ids.map((id) => (id === patchId ? patch++ : -1))
  const start = patchIndices.indexOf(0)
  const positions =
    grid === null || family.positions === 'index' ? indexPositions(ids.length) : imagePositions(ids.length, start, grid)
  return { ids, patchIndices, positions, prefixLength, nextPosition: positions[ids.length - 1] + 1, grid }
}

function imageText({ layout, name }: Family, [GH, GW]: readonly [number, number]): string {
  if (layout === null)
    throw new SailError('E_MODEL_NO_VISION', {
      place: 'image',
      expected: 'no image: this checkpoint has no patch embedding',
      found: `an image for the family '${name}'`,
      hint: 'ask without an image, or load a SAIL checkpoint',
    })
  if (!(Number.isInteger(GH) && Number.isInteger(GW) && GH >= 1 && GW >= 1 && GH * GW <= MAX_PATCHES))
    throw new SailError('E_SEQUENCE_GRID', {
      place: 'grid',
      expected: `whole numbers of rows and columns, 1 to ${MAX_PATCHES} patches`,
      found: `${GH} x ${GW}`,
    })
  return layout.begin + layout.patch.repeat(GH * GW) + layout.end
}

/** Far above any family's cap; keeps a wrong grid from making a huge text. */
const MAX_PATCHES = 2 ** 20

/** The template with the prompt in it; braces inside the prompt mean nothing. */
function fillIn({ template, bos }: Family, prompt: string): string {
  const values: Readonly<Record<string, string>> = { bos: bos ?? '', prompt }
  return (template ?? '{prompt}').replace(/\{(bos|prompt)\}/g, (_, key: string) => values[key] ?? '')
}

/** Upstream's two assertions: as many patch tokens as patches, and no id from <vision> on outside the image. */
function checkCounts(
  ids: Int32Array,
  layout: NonNullable<Family['layout']>,
  tokenId: (name: string) => number,
  { patches, prefixLength }: { readonly patches: number; readonly prefixLength: number },
): void {
  const [begin, patch] = [tokenId(layout.begin), tokenId(layout.patch)]
  const count = (fits: (id: number) => boolean): number => ids.reduce((n, id) => n + (fits(id) ? 1 : 0), 0)
  const found = count((id) => id === patch)
  if (found !== patches)
    throw spelled('E_SEQUENCE_PATCH_TOKENS', `${patches} ids of ${layout.patch} (${patch})`, found, layout.patch)
  const all = count((id) => id >= begin)
  if (all !== prefixLength)
    throw spelled(
      'E_SEQUENCE_VISION_TOKENS',
      `${prefixLength} ids from ${layout.begin} (${begin}) on`,
      all,
      `${layout.begin} or a token after it`,
    )
}

function spelled(code: `E_${string}`, expected: string, found: number, which: string): SailError {
  const hint = `the prompt must not spell image tokens (${which})`
  return new SailError(code, { place: 'prompt', expected, found: String(found), hint })
}

function empty(image: boolean): SailError {
  return new SailError('E_SEQUENCE_EMPTY', {
    place: 'prompt',
    expected: image ? 'at least one token after the image' : 'at least one token',
    found: 'none',
    hint: 'an empty prompt needs the template: leave raw off',
  })
}
