// stdin, read once and whole, or line by line. A terminal is refused where bytes are wanted, since nobody types a PNG; an
// abort ends the wait for input that may never come. A line is bounded: input that never ends must not fill the memory.
import { fstatSync } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'
import { SailError } from '../errors.ts'

/** Largest image file taken from stdin. */
const maxBytes = 1 << 30
/** Longest line, in characters. */
const maxLine = 1 << 26

/** A stream to read, and what errors call it. */
export interface Input {
  readonly file: string
  readonly stream: NodeJS.ReadableStream & { destroy(): unknown }
}

export function stdin(): Input {
  return { file: 'stdin', stream: process.stdin }
}

/** @throws SailError E_STDIN_TERMINAL, E_STDIN_EMPTY, E_STDIN_LARGE, E_INPUT_READ; signal.reason */
export async function readStdin(place: string, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  if (process.stdin.isTTY) {
    throw new SailError('E_STDIN_TERMINAL', { file: 'stdin', place, expected: 'a file or a pipe', found: 'a terminal' })
  }
  const parts: Buffer[] = []
  let size = 0
  for await (const part of abortable(stdin(), signal)) {
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

/** The lines of `input` as they come, without their ends. @throws SailError E_JSONL_LONG, E_INPUT_READ; signal.reason */
export async function* lines(input: Input, signal: AbortSignal): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  let number = 1
  for await (const part of abortable(input, signal)) {
    const [first = '', ...more] = decoder.write(part).split('\n')
    rest += first
    for (const next of more) {
      yield rest.replace(/\r$/, '')
      number++
      rest = next
    }
    if (rest.length > maxLine) throw tooLong(input.file, number)
  }
  rest += decoder.end()
  if (rest !== '') yield rest
}

/** The parts of a stream; whoever leaves early destroys it. */
async function* abortable({ file, stream }: Input, signal: AbortSignal): AsyncGenerator<Buffer> {
  const stop = (): unknown => stream.destroy()
  signal.addEventListener('abort', stop, { once: true })
  try {
    signal.throwIfAborted()
    // Node takes a directory on stdin for an empty file.
    if (file === 'stdin' && fstatSync(0).isDirectory()) throw unreadable(file, 'a directory')
    yield* stream as unknown as AsyncIterable<Buffer>
  } catch (cause) {
    signal.throwIfAborted()
    throw cause instanceof SailError ? cause : unreadable(file, (cause as NodeJS.ErrnoException).code ?? String(cause))
  } finally {
    signal.removeEventListener('abort', stop)
    stop()
  }
  signal.throwIfAborted()
}

function tooLong(file: string, number: number): SailError {
  const place = `line ${number}`
  return new SailError('E_JSONL_LONG', { file, place, expected: `at most ${maxLine} characters`, found: 'more' })
}

function unreadable(file: string, found: string): SailError {
  return new SailError('E_INPUT_READ', { file, expected: 'something that can be read', found })
}
