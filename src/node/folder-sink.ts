// A folder on disk, written under a temporary name beside its own and renamed when it is complete. An older folder is
// replaced only when `replaces` knows every file in it, and stays until the new one is there. After `abort` nothing is left.
import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { quote } from '../config/quote.ts'
import { SailError } from '../errors.ts'
import type { FolderSink } from '../weights/folder-sink.ts'
import { createFile, writing } from './file-sink.ts'

/**
 * @param replaces whether a folder with these files may be replaced
 * @throws SailError E_FOLDER_TAKEN (there is another file or folder), E_FILE_WRITE
 */
export async function createFolder(path: string, replaces: (files: readonly string[]) => boolean): Promise<FolderSink> {
  const target = resolve(path)
  const old = await namesIn(target, path)
  if (old !== null && old.length > 0 && !replaces(old)) throw taken(path, old)
  const beside = (end: string): string =>
    join(dirname(target), `.${basename(target)}.${randomUUID().slice(0, 8)}.${end}`)
  const temporary = beside('tmp')
  await writing(path, () => mkdir(temporary))
  let finished = false
  const remove = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true }).catch(() => undefined)

  return {
    name: path,
    file: (name) => createFile(join(temporary, name), join(path, name)),
    async close() {
      const aside = beside('old')
      const replacing = (await namesIn(target, path)) !== null
      if (replacing) await writing(path, () => rename(target, aside))
      try {
        await writing(path, () => rename(temporary, target))
      } catch (error) {
        if (replacing) await rename(aside, target).catch(() => undefined)
        throw error
      }
      finished = true
      if (replacing) await remove(aside)
    },
    async abort() {
      if (!finished) await remove(temporary)
    },
  }
}

/** null when there is nothing of this name. @throws SailError E_FOLDER_TAKEN for a file */
async function namesIn(target: string, path: string): Promise<string[] | null> {
  const found = await stat(target).catch(() => null)
  if (found === null) return null
  if (!found.isDirectory()) throw taken(path, ['a file'])
  return writing(path, () => readdir(target))
}

function taken(path: string, names: readonly string[]): SailError {
  return new SailError('E_FOLDER_TAKEN', {
    file: path,
    expected: 'a new or empty folder, or one that sail quantize wrote',
    found: names
      .slice(0, 4)
      .map((name) => quote(name))
      .join(', '),
    hint: 'choose another name, or remove it first',
  })
}
