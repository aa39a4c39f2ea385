// Where bytes come from: a file, a Blob, a server that knows HTTP Range. A source is opened once and read in ranges, so
// that a checkpoint larger than memory can be read tensor by tensor. Every read gives exactly the bytes asked for or
// throws: a short read, a changed file or a stalled server is never passed on as data.
import { SailError } from '../errors.ts'

export interface ByteSource {
  /** File name or URL, for errors. */
  readonly name: string
  readonly byteLength: number
  /** Of an open file of this process: other threads can read it by this number, straight to where the bytes belong. */
  readonly descriptor?: number
  /**
   * Bytes [begin, end), in memory that is the caller's.
   * @throws SailError E_FILE_RANGE outside of the source, E_WEIGHTS_CHANGED, E_MEMORY, and the source's own;
   *   signal.reason when aborted
   */
  read(begin: number, end: number, signal?: AbortSignal): Promise<Uint8Array>
  close(): Promise<void>
}

/** What every `read` checks first. @throws SailError E_FILE_RANGE */
export function checkRange(source: { name: string; byteLength: number }, begin: number, end: number): void {
  if (
    Number.isSafeInteger(begin) &&
    Number.isSafeInteger(end) &&
    begin >= 0 &&
    begin <= end &&
    end <= source.byteLength
  ) {
    return
  }
  throw new SailError('E_FILE_RANGE', {
    file: source.name,
    place: 'read',
    expected: `a range within ${source.byteLength} bytes`,
    found: `[${begin}, ${end})`,
  })
}

/** Memory for a read. @throws SailError E_MEMORY where the engine refuses that much in one piece */
export function allocate(byteLength: number, file: string): Uint8Array {
  try {
    return new Uint8Array(byteLength)
  } catch (cause) {
    throw new SailError('E_MEMORY', {
      file,
      expected: `${byteLength} bytes of memory in one piece`,
      found: 'an engine that refuses them',
      hint: 'read fewer rows at a time, or use a machine with more memory',
      cause,
    })
  }
}

/** A source over bytes in memory. */
export function bytesSource(name: string, bytes: Uint8Array): ByteSource {
  const source = { name, byteLength: bytes.byteLength }
  return {
    ...source,
    async read(begin, end, signal) {
      signal?.throwIfAborted()
      checkRange(source, begin, end)
      return bytes.slice(begin, end)
    },
    async close() {},
  }
}

/** A source over a Blob, or a File of a browser's file picker. @throws on read SailError E_WEIGHTS_CHANGED, E_FILE_UNREADABLE */
export function blobSource(name: string, blob: Blob): ByteSource {
  const source = { name, byteLength: blob.size }
  return {
    ...source,
    async read(begin, end, signal) {
      signal?.throwIfAborted()
      checkRange(source, begin, end)
      const bytes = await sliced(name, blob.slice(begin, end))
      signal?.throwIfAborted()
      if (bytes.byteLength === end - begin) return bytes
      throw changed(name, `${end - begin} bytes at ${begin}`, `${bytes.byteLength}`)
    },
    async close() {},
  }
}

/** The error of a source that is no longer what it was when it was opened. */
export function changed(file: string, expected: string, found: string): SailError {
  const hint = 'something writes to it: try again when that is done'
  return new SailError('E_WEIGHTS_CHANGED', { file, place: 'read', expected, found, hint })
}

async function sliced(file: string, part: Blob): Promise<Uint8Array> {
  try {
    return new Uint8Array(await part.arrayBuffer())
  } catch (cause) {
    // Browsers answer so when the file behind a File was changed, moved or locked.
    throw new SailError('E_FILE_UNREADABLE', { file, expected: 'a readable Blob', found: String(cause), cause })
  }
}
