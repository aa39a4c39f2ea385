// Node's entry: what a browser has, plus folders and images by path.
import type { ImageInput, LoadOptions, Preprocessed, Source } from './api.ts'
import { type Inspection, inspectFolder } from './facade/inspect.ts'
import { type PreprocessOptions, preprocessIn } from './facade/preprocess.ts'
import { isPackedFolder, type Quantized, type QuantizeOptions, quantizeIn } from './facade/quantize.ts'
import { readTokenizer } from './facade/tokenizer-file.ts'
import { nodeEnvironment } from './node/environment.ts'
import { createFolder } from './node/folder-sink.ts'
import { type CallOptions, Sail as Core } from './sail.ts'
import type { Tokenizer } from './tokenizer/tokenizer.ts'

export type { Quantized, QuantizeOptions } from './facade/quantize.ts'
export * from './index.ts'

export interface InspectOptions extends CallOptions {
  readonly check?: boolean
  readonly original?: Source
}

export class Sail extends Core {
  /**
   * Loads a checkpoint: a folder's path, a base URL, or a map of file name to Blob.
   * Options and errors as in a browser.
   */
  static override async load(source: Source, options: LoadOptions = {}): Promise<Sail> {
    return Sail.loadIn(nodeEnvironment, source, options)
  }
}

/**
 * An image as the model gets it, without a model: RGB, resized, patches (P, 3 * p * p), grid; equal to upstream's.
 * @param options patchSize p in pixels, 1 or more; maxPatches 1 or more, default 4096
 * @throws SailError E_IMAGE_*, E_PNG_*, E_JPEG_*; signal.reason
 */
export function preprocess(image: ImageInput, options: PreprocessOptions): Promise<Preprocessed> {
  return preprocessIn(nodeEnvironment, image, options)
}

/**
 * What a checkpoint holds, what memory it needs in each format, and what is wrong with it; its weights are not read.
 * @param options of a packed folder: `check` reads its data and holds them against their sums, `original` is the checkpoint
 *   that it should be made from
 * @throws SailError when there is no such folder; signal.reason. Faults of the checkpoint are in `problems`.
 */
export async function inspect(source: Source, options: InspectOptions = {}): Promise<Inspection> {
  const { check, original, signal } = options
  return inspectFolder(await nodeEnvironment.openFolder(source), {
    ...(check !== undefined && { check }),
    ...(original !== undefined && { original: await nodeEnvironment.openFolder(original) }),
    ...(signal !== undefined && { signal }),
  })
}

/**
 * Packs a checkpoint once, so that every later start is a plain read: a folder that loads like any checkpoint. Its files
 * appear together when all is done; an older folder of this kind is replaced.
 * @param out folder to write   @param options weights bf16, q8 or q4; threads default auto
 * @throws SailError E_FOLDER_TAKEN, E_FILE_WRITE, E_QUANTIZE_PACKED, E_WEIGHTS_NOT_FINITE, and those of loading; signal.reason
 */
export async function quantize(source: Source, out: string, options: QuantizeOptions): Promise<Quantized> {
  return quantizeIn(nodeEnvironment, source, await createFolder(out, isPackedFolder), options)
}

/** The tokenizer of a checkpoint; only tokenizer.json is read. @throws SailError E_TOKENIZER_*, E_FILE_* */
export async function loadTokenizer(source: Source, { signal }: CallOptions = {}): Promise<Tokenizer> {
  return readTokenizer(await nodeEnvironment.openFolder(source), signal)
}
