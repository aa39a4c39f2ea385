// tokenizer.json of a checkpoint's folder. Its size is bounded before it is read.
import type { ModelConfig } from '../config/model-config.ts'
import { Tokenizer } from '../tokenizer/tokenizer.ts'
import { type Folder, readWhole } from '../weights/folder.ts'

const MAX_BYTES = 1 << 27

/** @throws SailError E_TOKENIZER_*, E_FILE_*; signal.reason */
export async function readTokenizer(folder: Folder, signal?: AbortSignal): Promise<Tokenizer> {
  const bytes = await readWhole(folder, 'tokenizer.json', MAX_BYTES, signal)
  return Tokenizer.fromJson(bytes, `${folder.name}/tokenizer.json`)
}

/** The tokens that every sequence of the family needs. @throws SailError E_TOKENIZER_NO_TOKEN */
export function checkTokens({ family: { bos, layout } }: ModelConfig, tokenizer: Tokenizer): void {
  const names = [bos, layout?.begin, layout?.patch, layout?.end]
  for (const name of names) if (name !== null && name !== undefined) tokenizer.tokenId(name)
}
