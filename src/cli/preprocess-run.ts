// Image to patches without a model, or only the target size of an image of a given size.
import { SailError } from '../errors.ts'
import { preprocess as preprocessImage, targetSize } from '../node.ts'
import { i64 } from '../tensor.ts'
import type { OutputFlags } from './common-flags.ts'
import type { Context } from './context.ts'
import { imageFlag } from './load.ts'
import { goldenFormat, imageName } from './metadata.ts'
import { notes } from './notes.ts'
import { openOut } from './out-file.ts'
import { write, writeJson } from './stdout.ts'
import { writeTensors } from './write-tensors.ts'

export interface PreprocessFlags extends OutputFlags {
  readonly image?: string
  readonly size?: { readonly width: number; readonly height: number }
  readonly patchSize: number
  readonly maxPatches: number
  readonly maxPixels: number
  readonly out?: string
  readonly json?: boolean
}

export async function preprocess(flags: PreprocessFlags, { signal }: Context): Promise<void> {
  const { image, size, patchSize, maxPatches, out, json } = flags
  if (image !== undefined && (out !== undefined || json === true)) return ofImage({ ...flags, image }, signal)
  if (size !== undefined && json === true) return writeJson(sizes(size, patchSize, maxPatches))
  if (size !== undefined) return write(sentence(sizes(size, patchSize, maxPatches)))
  const found = image === undefined ? 'neither --image nor --size' : '--image alone'
  const expected = '--image FILE with --out FILE or --json, or --size WxH'
  throw new SailError('E_USAGE', {
    place: 'sail preprocess',
    expected,
    found,
    hint: 'sail preprocess --help shows the flags',
  })
}

async function ofImage(flags: PreprocessFlags & { image: string }, signal: AbortSignal): Promise<void> {
  const { image, patchSize, maxPatches, maxPixels, out, json } = flags
  const show = notes(flags)
  const { rgb, resized, patches, grid, exifOrientation } = await preprocessImage(await imageFlag(image, signal), {
    ...{ patchSize, maxPatches, maxPixels, signal },
  })
  if (exifOrientation !== null && exifOrientation !== 1)
    show.say(`${image}: EXIF orientation ${exifOrientation} is not applied, as upstream does not`)
  if (out !== undefined) {
    const tensors = { 'image.rgb': rgb, 'image.resized': resized, patches, grid: i64([2], grid) }
    const metadata = { format: goldenFormat, image: imageName(image, out), dtype: 'f32', patch_size: String(patchSize) }
    await writeTensors(await openOut(out, signal), tensors, metadata, signal)
    show.say(`${grid[0]} x ${grid[1]} patches in ${out}`)
  }
  const [height, width] = rgb.shape
  if (json === true && out !== '-') await writeJson(sizes({ width, height }, patchSize, maxPatches))
  show.release()
}

function sizes({ width, height }: { width: number; height: number }, p: number, maxPatches: number) {
  const target = targetSize(width, height, p, maxPatches, '--size')
  const { grid, tokens } = target
  return { width, height, new_width: target.width, new_height: target.height, grid, tokens }
}

function sentence({ width, height, new_width, new_height, grid, tokens }: ReturnType<typeof sizes>): string {
  return `${width} x ${height} -> ${new_width} x ${new_height} pixels, ${grid[0]} rows of ${grid[1]} patches, ${tokens} in all\n`
}
