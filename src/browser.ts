// The browser's entry: checkpoints by URL or as a map of names to Blobs (file pickers, drag and drop), images by URL, as
// bytes, Blobs or pixels. Nothing here touches the page.
import type { ImageInput, Preprocessed, Source } from './api.ts'
import { webEnvironment } from './facade/environment.ts'
import { type Inspection, inspectFolder } from './facade/inspect.ts'
import { type PreprocessOptions, preprocessIn } from './facade/preprocess.ts'
import { readTokenizer } from './facade/tokenizer-file.ts'
import type { CallOptions } from './sail.ts'
import type { Tokenizer } from './tokenizer/tokenizer.ts'

export * from './index.ts'
export { Sail } from './sail.ts'

/**
 * An image as the model gets it, without a model: RGB, resized, patches (P, 3 * p * p), grid; equal to upstream's.
 * @param options patchSize p in pixels, 1 or more; maxPatches 1 or more, default 4096
 * @throws SailError E_IMAGE_*, E_PNG_*, E_JPEG_*; signal.reason
 */
export function preprocess(image: ImageInput, options: PreprocessOptions): Promise<Preprocessed> {
  return preprocessIn(webEnvironment, image, options)
}

/**
 * What a checkpoint holds, what memory it needs in each format, and what is wrong with it; its weights are not read.
 * @throws SailError when there is no such folder; signal.reason. Faults of the checkpoint are in `problems`.
 */
export async function inspect(source: Source, { signal }: CallOptions = {}): Promise<Inspection> {
  return inspectFolder(await webEnvironment.openFolder(source), signal === undefined ? {} : { signal })
}

/** The tokenizer of a checkpoint; only tokenizer.json is read. @throws SailError E_TOKENIZER_*, E_FILE_* */
export async function loadTokenizer(source: Source, { signal }: CallOptions = {}): Promise<Tokenizer> {
  return readTokenizer(await webEnvironment.openFolder(source), signal)
}
