// A file on disk as a byte source. The descriptor stays open, so a file that is replaced by a new one keeps its old
// bytes; one that is written to in place shows by its size or its modification time after a read, and what was read is
// then thrown away. Reads loop, because one call may give fewer bytes than asked for. Only regular files: opening a FIFO
// would block, a directory has no bytes.
import { constants } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { SailError } from '../errors.ts'
import { allocate, type ByteSource, changed, checkRange } from '../weights/byte-source.ts'

/** Most bytes of one system call: the limit of Linux is a little below 2^31; smaller parts let an abort through. */
const maxPart = 1 << 26

/**
 * Opens a file for reading; errors call it `name`.
 * @throws SailError E_FILE_MISSING, E_FILE_KIND (directory, FIFO, device), E_FILE_UNREADABLE; on read also
 *   E_WEIGHTS_CHANGED, E_FILE_RANGE, E_MEMORY
 */
export async function openFile(path: string, name = path): Promise<ByteSource> {
  const found = await attempt(name, () => stat(path))
  if (!found.isFile()) throw notRegular(name, found.isDirectory())
  // Non-blocking, in case a FIFO took the file's place since the look above.
  const handle = await attempt(name, () => open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)))
  try {
    const first = await handle.stat({ bigint: true })
    if (!first.isFile()) throw notRegular(name, first.isDirectory())
    return fileSource(name, handle, Number(first.size), first.mtimeNs)
  } catch (error) {
    await handle.close()
    throw error
  }
}

function fileSource(name: string, handle: FileHandle, byteLength: number, modified: bigint): ByteSource {
  const source = { name, byteLength }

  async function checkUnchanged(): Promise<void> {
    const now = await attempt(name, () => handle.stat({ bigint: true }))
    if (Number(now.size) !== byteLength)
      throw changed(name, `${byteLength} bytes in the file, as when it was opened`, `${now.size}`)
    if (now.mtimeNs !== modified) throw changed(name, 'the modification time it was opened with', 'a later one')
  }

  return {
    ...source,
    descriptor: handle.fd,
    async read(begin, end, signal) {
      signal?.throwIfAborted()
      checkRange(source, begin, end)
      await checkUnchanged()
      const bytes = allocate(end - begin, name)
      for (let done = 0; done < bytes.length; ) {
        const part = Math.min(maxPart, bytes.length - done)
        const { bytesRead } = await attempt(name, () => handle.read(bytes, done, part, begin + done))
        signal?.throwIfAborted()
        if (bytesRead === 0)
          throw changed(name, `${byteLength} bytes in the file, as when it was opened`, `an end at ${begin + done}`)
        done += bytesRead
      }
      await checkUnchanged()
      return bytes
    },
    close: () => attempt(name, () => handle.close()),
  }
}

function notRegular(file: string, directory: boolean): SailError {
  return new SailError('E_FILE_KIND', {
    file,
    expected: 'a regular file',
    found: directory ? 'a directory' : 'a FIFO, socket or device',
  })
}

/** Runs a file operation; an operating system error becomes the library's. */
export async function attempt<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const expected = 'a file that can be read'
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new SailError('E_FILE_MISSING', { file, expected, found: 'none', cause })
    throw new SailError('E_FILE_UNREADABLE', { file, expected, found: code ?? message, cause })
  }
}
