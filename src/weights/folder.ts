// A checkpoint's folder, wherever it is: a folder on disk, a base URL, or a map of names to Blobs. Only bare file names
// exist in it: a name that a file brings (a shard in an index) can never reach outside.
import { listed, quote } from '../config/quote.ts'
import { SailError } from '../errors.ts'
import { type ByteSource, blobSource } from './byte-source.ts'

export interface Folder {
  /** Path or URL, for errors. */
  readonly name: string
  has(file: string, signal?: AbortSignal): Promise<boolean>
  /** @throws SailError E_FILE_MISSING, E_FILE_NAME, and what the source's kind adds */
  open(file: string, signal?: AbortSignal): Promise<ByteSource>
  /** The names of all files, or null where they cannot be listed. */
  names(): Promise<readonly string[] | null>
}

/** No separators, drives or parents: the characters that end a name on some system. */
const notBare = /[/\\:\p{Cc}\p{Surrogate}]/u

/** Whether a text is the plain name of a file. */
export function isBareName(name: string): boolean {
  return name !== '' && name.length <= 255 && name !== '.' && name !== '..' && !notBare.test(name)
}

/** @throws SailError E_FILE_NAME */
export function checkBareName(folder: string, name: string): void {
  if (isBareName(name)) return
  throw new SailError('E_FILE_NAME', {
    file: folder,
    expected: 'the plain name of a file in the folder',
    found: quote(name),
  })
}

export function missing(folder: string, name: string, present?: readonly string[] | null): SailError {
  const found =
    present == null
      ? 'none'
      : present.length === 0
        ? 'an empty folder'
        : listed(
            present.map((n) => quote(n)),
            8,
          )
  return new SailError('E_FILE_MISSING', { file: folder, expected: `a file ${quote(name)}`, found })
}

/** A folder made of Blobs, as file pickers and drag-and-drop give them. */
export function blobFolder(blobs: ReadonlyMap<string, Blob>, name = 'files'): Folder {
  return {
    name,
    async has(file) {
      return isBareName(file) && blobs.has(file)
    },
    async open(file) {
      checkBareName(name, file)
      const blob = blobs.get(file)
      if (blob === undefined) throw missing(name, file, [...blobs.keys()])
      return blobSource(`${name}/${file}`, blob)
    },
    async names() {
      return [...blobs.keys()]
    },
  }
}

/**
 * A whole small file.
 * @throws SailError E_FILE_LARGE beyond `maxBytes`; what `open` and `read` throw
 */
export async function readWhole(
  folder: Folder,
  file: string,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const source = await folder.open(file, signal)
  try {
    if (source.byteLength > maxBytes) {
      throw new SailError('E_FILE_LARGE', {
        file: source.name,
        expected: `at most ${maxBytes} bytes`,
        found: `${source.byteLength}`,
      })
    }
    return await source.read(0, source.byteLength, signal)
  } finally {
    await source.close()
  }
}
