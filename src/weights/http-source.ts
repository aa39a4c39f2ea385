// A file on a server, read in HTTP ranges. The first request asks for one byte: its Content-Range tells the size, its
// ETag and Last-Modified tell the version. Every later answer must be a 206 with exactly the bytes asked for, of a file
// of that size and version; anything else is an error, since a checkpoint put together from two versions, or from a
// page that says "busy", would compute without complaint. Source: RFC 9110, section 14.
import { SailError } from '../errors.ts'
import { allocate, type ByteSource, changed, checkRange } from './byte-source.ts'
import { type StallGuard, stallGuard } from './stall-guard.ts'

export interface HttpOptions {
  /** Longest wait for the next piece of data, in milliseconds, default 30,000. */
  readonly stallMs?: number
  /** Added to every request, such as an Authorization. */
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** What must stay the same from answer to answer. */
interface Version {
  readonly byteLength: number
  readonly tag: string
}

/**
 * Opens a URL.
 * @throws SailError E_FILE_MISSING (404, 410), E_HTTP_STATUS, E_HTTP_NO_RANGE (the server sends the whole file),
 *   E_HTTP_RANGE (other bytes than asked for), E_HTTP_TRUNCATED, E_HTTP_STALLED, E_HTTP_NETWORK; on read also
 *   E_WEIGHTS_CHANGED, E_FILE_RANGE, E_MEMORY; signal.reason when aborted
 */
export async function openUrl(url: string, options: HttpOptions = {}): Promise<ByteSource> {
  const name = withoutSecrets(url)
  const ask = (begin: number, end: number, signal?: AbortSignal): Promise<Answer> =>
    request(url, name, begin, end, options, signal)
  const first = await ask(0, 2, options.signal) // some servers take the range 0-0 for the whole file
  const version = first.version
  if (version.byteLength === 0) first.cancel()
  else await first.take(Math.min(2, version.byteLength))
  return {
    name,
    byteLength: version.byteLength,
    async read(begin, end, signal) {
      signal?.throwIfAborted()
      checkRange({ name, byteLength: version.byteLength }, begin, end)
      if (begin === end) return new Uint8Array(0)
      const answer = await ask(begin, end, signal)
      if (answer.version.byteLength !== version.byteLength || answer.version.tag !== version.tag) {
        answer.cancel()
        throw changed(name, shown(version), shown(answer.version))
      }
      return answer.take(end - begin)
    },
    async close() {},
  }
}

interface Answer {
  readonly version: Version
  /** The body, which must be that long. */
  take(length: number): Promise<Uint8Array>
  cancel(): void
}

async function request(
  url: string,
  name: string,
  begin: number,
  end: number,
  options: HttpOptions,
  signal?: AbortSignal,
): Promise<Answer> {
  const wait = stallGuard(name, options.stallMs ?? 30_000, signal)
  try {
    const headers = { ...options.headers, Range: `bytes=${begin}-${end - 1}` }
    const response = await wait.next(fetch(url, { headers, signal: wait.signal, cache: 'no-store' }))
    const cancel = (): void => wait.stop()
    try {
      const version = readVersion(name, response, begin, end)
      return { version, cancel, take: (length) => readBody(name, response, length, wait) }
    } catch (error) {
      cancel()
      throw error
    }
  } catch (cause) {
    throw wait.explain(cause)
  }
}

function readVersion(file: string, response: Response, begin: number, end: number): Version {
  const { status, headers } = response
  const tag = headers.get('etag') || headers.get('last-modified') || ''
  const range = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+)$/.exec(headers.get('content-range') ?? '')
  const byteLength = Number(range?.[3])
  if (status === 416 && byteLength === 0 && begin === 0) return { byteLength, tag }
  if (status === 404 || status === 410) {
    throw new SailError('E_FILE_MISSING', { file, expected: 'a file', found: `HTTP status ${status}` })
  }
  if (status === 416) throw changed(file, `a file of ${end} bytes or more`, `HTTP status 416`)
  if (status === 200) {
    const hint = 'use a server that knows HTTP Range, or download the files'
    throw new SailError('E_HTTP_NO_RANGE', {
      file,
      expected: 'HTTP status 206 with a part',
      found: '200, the whole file',
      hint,
    })
  }
  if (status !== 206) throw new SailError('E_HTTP_STATUS', { file, expected: 'HTTP status 206', found: `${status}` })
  const encoding = headers.get('content-encoding')
  const [from, to] = [Number(range?.[1]), Number(range?.[2])]
  const asked = from === begin && to === Math.min(end, byteLength) - 1 && Number.isSafeInteger(byteLength)
  if (asked && (encoding === null || encoding === 'identity')) return { byteLength, tag }
  throw new SailError('E_HTTP_RANGE', {
    file,
    expected: `Content-Range: bytes ${begin}-${end - 1}/<size>, not encoded`,
    found: `${headers.get('content-range') ?? 'none'}${encoding === null ? '' : `, encoded as ${encoding}`}`,
    hint: 'from another origin the server must also send Access-Control-Expose-Headers: Content-Range, ETag',
  })
}

async function readBody(file: string, response: Response, length: number, wait: StallGuard): Promise<Uint8Array> {
  const bytes = allocate(length, file)
  const reader = response.body?.getReader()
  let done = 0
  try {
    for (;;) {
      const piece = reader === undefined ? { done: true as const, value: undefined } : await wait.next(reader.read())
      if (piece.done) break
      if (done + piece.value.length > length) {
        throw new SailError('E_HTTP_RANGE', { file, expected: `${length} bytes`, found: 'more' })
      }
      bytes.set(piece.value, done)
      done += piece.value.length
    }
  } catch (cause) {
    throw wait.explain(cause, `${done} of ${length} bytes`)
  } finally {
    wait.stop()
  }
  if (done === length) return bytes
  throw new SailError('E_HTTP_TRUNCATED', { file, expected: `${length} bytes`, found: `${done}`, hint: 'try again' })
}

/** A URL as errors show it: queries and user parts may hold keys. */
export function withoutSecrets(url: string): string {
  try {
    const { origin, pathname } = new URL(url)
    return origin + pathname
  } catch {
    return url
  }
}

function shown({ byteLength, tag }: Version): string {
  return `version ${tag || 'without a tag'} of ${byteLength} bytes`
}
