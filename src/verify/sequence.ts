// What precedes the first pass: pixels, grid, ids, positions, mask. Each is compared with ours made from the dump's own
// input, and then the dump's values, where they can be used, are put into the sequence that the passes run on. With
// `forced` false nothing is put in: the sequence is ours from the image on.
import type { Prepared } from '../api.ts'
import { SailError } from '../errors.ts'
import { caseTensors } from '../facade/case-tensors.ts'
import { findStage, type StagePlace } from '../graph/stages-names.ts'
import type { F32Tensor, Tensor } from '../tensor.ts'
import type { GoldenTensors, Sizes } from './golden-tensors.ts'
import { blankImage, type Pixels, pixels, prepareImage } from './pixels.ts'
import type { GoldenQuestion } from './question.ts'
import type { Subject } from './subject.ts'

export interface SequenceSetup {
  readonly subject: Subject
  readonly golden: GoldenTensors
  readonly question: GoldenQuestion
  readonly forced: boolean
  readonly signal?: AbortSignal | undefined
}

export interface GoldenSequence {
  /** The sequence to run. */
  readonly prepared: Prepared
  /** Ours, by golden name, to hold against the dump. */
  readonly ours: ReadonlyMap<string, () => Tensor>
}

export async function goldenSequence(setup: SequenceSetup): Promise<GoldenSequence> {
  const { golden, question, forced } = setup
  const made = question.ofImage ? await pixels(setup.subject, golden, question, setup.signal) : null
  const base = await baseSequence(setup, made)
  const sequence = forced ? await putIn(setup, base) : base
  const ours = new Map(caseTensors(base))
  // Without the image file the stages start at what the dump holds.
  for (const [name, from] of imageSources(made, forced)) {
    const tensor = from === null ? undefined : new Map(caseTensors(from)).get(name)
    if (tensor === undefined) ours.delete(name)
    else ours.set(name, tensor)
  }
  // The mask stands before prefix_len in the order of the data: it is made from our own, so that each fails alone.
  const masked = { ...sequence, prefixLength: base.prefixLength }
  ours.set('mask', () => new Map(caseTensors(masked)).get('mask')!())
  if (question.prompt === null) for (const name of afterPrompt) ours.delete(name)
  return { prepared: sequence, ours }
}

/** What cannot be made without the prompt. */
const afterPrompt = ['input_ids', 'vision_patch_indices', 'position_ids']

function imageSources(made: Pixels | null, forced: boolean): [string, Prepared | null][] {
  if (made === null) return []
  const { fromFile, fromRgb, fromResized } = made
  const [first, second] = forced ? [fromRgb ?? fromFile, fromResized ?? fromRgb ?? fromFile] : [fromFile, fromFile]
  return [
    ['image.rgb', fromFile],
    ['image.resized', first],
    ['patches', second],
    ['grid', first ?? (forced ? second : null)],
  ]
}

/** Our own sequence for the dump's grid, or for ours where the dump's cannot be used. */
async function baseSequence(setup: SequenceSetup, made: Pixels | null): Promise<Prepared> {
  const { subject, golden, question, forced, signal } = setup
  const options = signal === undefined ? {} : { signal }
  if (made === null) return subject.prepare({ prompt: question.prompt ?? '', raw: question.raw }, options)
  const known = [made.fromFile, made.fromRgb, made.fromResized].filter((one) => one !== null)
  if (made.fromFile !== null && !forced) return made.fromFile
  if (made.fromFile === null && !golden.has('patches')) throw noImage(golden)
  const grid = (await goldenGrid(setup)) ?? known[0]?.grid ?? featureGrid(golden)
  if (grid === null) throw noGrid(golden)
  const p = subject.config.patchSize ?? 1
  const same = known.find((one) => one.grid !== null && one.grid[0] === grid[0] && one.grid[1] === grid[1])
  const base = same ?? (await prepareImage(subject, question, blankImage(grid, p), signal))
  return made.fromFile === null ? { ...base, patches: await patchesOf(setup, base) } : base
}

/** The dump's values in place of ours, as far as they fit each other. */
async function putIn(setup: SequenceSetup, base: Prepared): Promise<Prepared> {
  const { subject, golden } = setup
  const { V } = subject.config.dims
  const P = base.patches?.shape[0] ?? 0
  const T = golden.file.tensors.get('input_ids')?.shape[0] ?? base.ids.length
  const integers = (name: string, least: number, most: number) =>
    golden.asIntegers(name, placeOf(name), { T }, least, most)
  const ids = await integers('input_ids', 0, V - 1)
  const patchIndices = await integers('vision_patch_indices', -1, P - 1)
  const positions = await integers('position_ids', 0, subject.config.maxPositions - 1)
  const patches = base.patches === null ? null : await patchesOf(setup, base)
  const prefix = await integers('prefix_len', 0, T - 1)
  // A dump of another length stands only as a whole: ids of one length and positions of another fit nowhere.
  const whole = T === base.ids.length || (ids !== null && patchIndices !== null && positions !== null)
  if (!whole) return { ...base, patches }
  const prefixLength =
    prefix !== null && prefix[0] > 0 && P > 0 && fitsPrefix(golden, prefix[0]) ? prefix[0] : base.prefixLength
  const chosen = positions ?? base.positions
  return {
    ...base,
    patches,
    ids: ids ?? base.ids,
    patchIndices: patchIndices ?? base.patchIndices,
    positions: chosen,
    prefixLength,
    nextPosition: positions === null ? base.nextPosition : chosen.reduce((most, value) => Math.max(most, value), 0) + 1,
    passes: base.passes.map((pass) => ({
      ...pass,
      from: pass.from === base.prefixLength ? prefixLength : pass.from,
      to: pass.to === base.prefixLength ? prefixLength : T,
    })),
  }
}

/** Whether the dump's prefix stages have that many rows. */
function fitsPrefix({ file }: GoldenTensors, length: number): boolean {
  const rows = ['prefix.embed', 'prefix.layers.0.out', 'prefix.final_norm'].map(
    (name) => file.tensors.get(name)?.shape[0],
  )
  return rows.every((count) => count === undefined || count === length)
}

async function patchesOf({ subject, golden }: SequenceSetup, base: Prepared): Promise<F32Tensor | null> {
  const [GH, GW] = base.grid ?? [0, 0]
  const sizes: Sizes = { P: GH * GW, p: subject.config.patchSize ?? 0 }
  return (await golden.asInput('patches', placeOf('patches'), sizes)) ?? base.patches
}

async function goldenGrid({ golden, subject }: SequenceSetup): Promise<[number, number] | null> {
  const most = subject.config.family.size?.maxPatches ?? 0
  const grid = await golden.asIntegers('grid', placeOf('grid'), {}, 1, most)
  if (grid === null) return null
  const [GH, GW] = grid
  const patches = golden.file.tensors.get('patches')?.shape[0] ?? GH * GW
  return GH * GW <= most && GH * GW === patches ? [GH, GW] : null
}

function featureGrid(golden: GoldenTensors): [number, number] | null {
  const shape = golden.file.tensors.get('vision_features')?.shape ?? []
  return shape.length === 3 && shape[0] * shape[1] === golden.file.tensors.get('patches')?.shape[0]
    ? [shape[0], shape[1]]
    : null
}

function placeOf(name: string): StagePlace {
  return findStage(name)!
}

function noImage({ file }: GoldenTensors): SailError {
  return new SailError('E_GOLDEN_NO_IMAGE', {
    file: file.name,
    expected: 'the image, or a tensor "patches" to start from',
    found: 'neither',
    hint: 'give the image with --image',
  })
}

function noGrid({ file }: GoldenTensors): SailError {
  return new SailError('E_GOLDEN_NO_GRID', {
    file: file.name,
    expected: 'the image, or a tensor "grid" that fits "patches"',
    found: 'neither',
    hint: 'give the image with --image',
  })
}
