// Node: folders and images by path, besides URLs and Blobs. A text is a URL only when it begins with http://, https://,
// data: or file:; all else is a path, so that no file name is mistaken for something to fetch.
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { SailError } from '../errors.ts'
import {
  type Environment,
  fetchImage,
  MAX_IMAGE_BYTES,
  type NamedBytes,
  tooLarge,
  webEnvironment,
} from '../facade/environment.ts'
import { nodeGpuHost } from './gpu-host.ts'
import { openFolder } from './open-folder.ts'
import { nodeWasmHost } from './wasm-host.ts'

export const nodeEnvironment: Environment = {
  wasm: nodeWasmHost,
  gpu: nodeGpuHost,
  async openFolder(source) {
    if (typeof source !== 'string' && !(source instanceof URL)) return webEnvironment.openFolder(source)
    const path = pathOf(source)
    return path === null ? webEnvironment.openFolder(source) : openFolder(path)
  },
  async readImage(input, signal) {
    const path = pathOf(input)
    return path === null ? fetchImage(String(input), signal) : readImageFile(path, signal)
  },
}

/** The path that a text or URL stands for; null for one to fetch. */
function pathOf(input: string | URL): string | null {
  const text = String(input)
  if (/^file:/i.test(text)) return filePath(text)
  return input instanceof URL || /^(?:https?:\/\/|data:)/i.test(text) ? null : text
}

function filePath(url: string): string {
  try {
    return fileURLToPath(url)
  } catch (cause) {
    throw new SailError('E_FILE_URL', {
      file: url,
      expected: 'a file: URL of this machine',
      found: String(cause),
      cause,
    })
  }
}

/** @throws SailError E_IMAGE_MISSING, E_IMAGE_NOT_A_FILE, E_IMAGE_UNREADABLE, E_IMAGE_FILE_SIZE; signal.reason */
async function readImageFile(file: string, signal?: AbortSignal): Promise<NamedBytes> {
  signal?.throwIfAborted()
  try {
    // Without O_NONBLOCK opening a FIFO would wait for a writer that may never come.
    const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    try {
      const stat = await handle.stat()
      if (!stat.isFile()) throw notAFile(file, stat.isDirectory() ? 'a directory' : 'no regular file')
      if (stat.size > MAX_IMAGE_BYTES) throw tooLarge(file, String(stat.size))
      return { bytes: await handle.readFile(), file }
    } finally {
      await handle.close()
    }
  } catch (cause) {
    throw cause instanceof SailError ? cause : unreadable(file, cause)
  }
}

function notAFile(file: string, found: string): SailError {
  return new SailError('E_IMAGE_NOT_A_FILE', { file, expected: 'a PNG or JPEG file', found })
}

function unreadable(file: string, cause: unknown): SailError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new SailError('E_IMAGE_MISSING', { file, expected: 'a PNG or JPEG file', found: 'none', cause })
  return new SailError('E_IMAGE_UNREADABLE', { file, expected: 'a readable file', found: code, cause })
}
