// A file on disk as a byte sink. The data go to a new file with a temporary name in the same folder; `close` makes sure
// that they are on the disk and renames it, so the final name is either the old file or the complete new one. After
// `abort` nothing is left.
import { randomUUID } from 'node:crypto'
import { lstat, open, realpath, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { SailError } from '../errors.ts'
import type { ByteSink } from '../weights/byte-sink.ts'

/**
 * Opens a file for writing, called `name` in errors; an existing file is replaced on `close`.
 * @throws SailError E_FILE_WRITE (no such folder, no permission, disk full), E_FILE_KIND (the path is no regular file)
 */
export async function createFile(path: string, name = path): Promise<ByteSink> {
  const target = await realTarget(path)
  const temporary = join(dirname(target), `.${basename(target)}.${randomUUID().slice(0, 8)}.tmp`)
  const handle = await writing(name, () => open(temporary, 'wx'))
  let finished = false

  async function discard(): Promise<void> {
    if (finished) return
    finished = true
    await handle.close().catch(() => undefined)
    await rm(temporary, { force: true }).catch(() => undefined)
  }

  return {
    name,
    async write(bytes, position) {
      for (let done = 0; done < bytes.length; ) {
        const part = Math.min(1 << 26, bytes.length - done)
        const { bytesWritten } = await writing(name, () => handle.write(bytes, done, part, position + done))
        done += bytesWritten
      }
    },
    async close() {
      try {
        await writing(name, () => handle.sync())
        await writing(name, () => handle.close())
        await writing(name, () => rename(temporary, target))
        finished = true
      } catch (error) {
        await discard()
        throw error
      }
    },
    abort: discard,
  }
}

/** The file that a path means: what a link points to, so that the link stays. */
async function realTarget(path: string): Promise<string> {
  const found = await lstat(path).catch(() => null)
  if (found === null) return path
  const target = found.isSymbolicLink() ? await realpath(path).catch(() => path) : path
  const kind = await lstat(target).catch(() => null)
  if (kind === null || kind.isFile()) return target
  throw new SailError('E_FILE_KIND', {
    file: path,
    expected: 'a new or a regular file',
    found: kind.isDirectory() ? 'a directory' : 'a link to nowhere, FIFO or device',
  })
}

/** Runs a file operation; an operating system error becomes the library's. @throws SailError E_FILE_WRITE */
export async function writing<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const hint = hints.get(code ?? '')
    throw new SailError('E_FILE_WRITE', {
      file,
      expected: 'a file that can be written',
      found: code ?? message,
      cause,
      ...(hint === undefined ? {} : { hint }),
    })
  }
}

const hints = new Map([
  ['ENOENT', 'the folder does not exist: make it first'],
  ['EACCES', 'there is no permission to write in that folder'],
  ['EROFS', 'that file system is read-only'],
  ['ENOSPC', 'the disk is full: nothing was left behind'],
  ['EDQUOT', 'the disk quota is used up: nothing was left behind'],
])
