// stdin, read once and whole, or line by line. A terminal is refused where bytes are wanted, since nobody types a PNG; an
// abort ends the wait for input that may never come.
import { createInterface } from 'node:readline'
import { SailError } from '../errors.ts'

/** Largest image file taken from stdin. */
const maxBytes = 1 << 30

/** @throws SailError E_STDIN_TERMINAL, E_STDIN_EMPTY, E_STDIN_LARGE; signal.reason */
export async function readStdin(place: string, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  if (process.stdin.isTTY) {
    throw new SailError('E_STDIN_TERMINAL', { file: 'stdin', place, expected: 'a file or a pipe', found: 'a terminal' })
  }
  const parts: Buffer[] = []
  let size = 0
  for await (const part of abortable(signal)) {
    size += part.length
    if (size > maxBytes) {
      throw new SailError('E_STDIN_LARGE', {
        file: 'stdin',
        place,
        expected: `at most ${maxBytes} bytes`,
        found: 'more',
      })
    }
    parts.push(part)
  }
  if (size === 0) throw new SailError('E_STDIN_EMPTY', { file: 'stdin', place, expected: 'bytes', found: 'none' })
  return Buffer.concat(parts)
}

/** The lines of stdin, or of `stream`, as they come. */
export async function* lines(
  signal: AbortSignal,
  stream: NodeJS.ReadableStream = process.stdin,
): AsyncGenerator<string> {
  const reader = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY, signal })
  try {
    yield* reader
  } finally {
    reader.close()
    if ('destroy' in stream && typeof stream.destroy === 'function') stream.destroy()
  }
  signal.throwIfAborted()
}

async function* abortable(signal: AbortSignal): AsyncGenerator<Buffer> {
  const stop = () => process.stdin.destroy()
  signal.addEventListener('abort', stop, { once: true })
  try {
    signal.throwIfAborted()
    yield* process.stdin as AsyncIterable<Buffer>
    signal.throwIfAborted()
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
