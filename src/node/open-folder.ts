// A folder on disk. Names are bare, and a link may not lead out of the folder, so that a checkpoint from anywhere cannot
// make the program read other files of this machine. One layout is known to consist of such links and is let through:
// the Hugging Face cache, `models--X/snapshots/<revision>/<file>` -> `models--X/blobs/<hash>`.
import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, sep } from 'node:path'
import { quote } from '../config/quote.ts'
import { SailError } from '../errors.ts'
import { checkBareName, type Folder, isBareName, missing } from '../weights/folder.ts'
import { attempt, openFile } from './file-source.ts'

/**
 * Opens a checkpoint folder.
 * @throws SailError E_FILE_MISSING, E_FILE_KIND (not a directory), E_FILE_UNREADABLE; on open also E_FILE_NAME,
 *   E_FILE_LINK (a link out of the folder)
 */
export async function openFolder(path: string): Promise<Folder> {
  const found = await attempt(path, () => stat(path)).catch((error: unknown) => {
    throw error instanceof SailError && error.code === 'E_FILE_MISSING'
      ? noFolder('E_FILE_MISSING', path, 'none')
      : error
  })
  if (!found.isDirectory()) throw noFolder('E_FILE_KIND', path, 'a file')
  const real = await attempt(path, () => realpath(path))
  const roots = [real, ...cacheBlobs(real)]

  const names = async (): Promise<string[]> => (await attempt(path, () => readdir(path))).sort()

  return {
    name: path,
    async has(file) {
      return isBareName(file) && (await names()).includes(file)
    },
    async open(file) {
      checkBareName(path, file)
      const target = await attempt(join(path, file), () => realpath(join(path, file))).catch(async (error: unknown) => {
        throw error instanceof SailError && error.code === 'E_FILE_MISSING' ? missing(path, file, await names()) : error
      })
      if (!roots.some((root) => target.startsWith(root + sep))) {
        const expected = 'a file within the folder'
        throw new SailError('E_FILE_LINK', { file: join(path, file), expected, found: `a link to ${quote(target)}` })
      }
      return openFile(target, join(path, file))
    },
    names,
  }
}

function noFolder(code: 'E_FILE_MISSING' | 'E_FILE_KIND', file: string, found: string): SailError {
  const hint = 'give the folder that holds config.json, tokenizer.json and the weights'
  return new SailError(code, { file, expected: 'the folder of a checkpoint', found, hint })
}

/** The blobs folder beside a snapshot of the Hugging Face cache. */
function cacheBlobs(folder: string): string[] {
  const repo = dirname(dirname(folder))
  const isSnapshot = basename(dirname(folder)) === 'snapshots' && /^(?:models|datasets|spaces)--/.test(basename(repo))
  return isSnapshot ? [join(repo, 'blobs')] : []
}
