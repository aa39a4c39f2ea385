// Text to ids, their pieces, and the text that they decode to. Nothing is added and nothing refused.
import { SailError } from '../errors.ts'
import { loadTokenizer, type Tokenizer } from '../node.ts'
import type { OutputFlags } from './common-flags.ts'
import type { Context } from './context.ts'
import { lines, stdin } from './stdin.ts'
import { writeJson } from './stdout.ts'

export interface TokenizeFlags extends OutputFlags {
  readonly model: string
  readonly text?: string
  readonly jsonl?: boolean
}

export async function tokenize({ model, text, jsonl = false }: TokenizeFlags, { signal }: Context): Promise<void> {
  if (text === undefined && !jsonl) throw noText()
  const tokenizer = await loadTokenizer(model, { signal })
  if (text !== undefined) return writeJson(tokens(tokenizer, text))
  let number = 0
  for await (const line of lines(stdin(), signal)) {
    number++
    if (line.trim() === '') continue
    await writeJson(tokensOfLine(tokenizer, line, number))
    signal.throwIfAborted()
  }
}

function tokens(tokenizer: Tokenizer, text: string): object {
  const ids = tokenizer.encode(text, { addSpecialTokens: false })
  return { ids, pieces: tokenizer.pieces(ids), decoded: tokenizer.decode(ids, { skipSpecialTokens: true }) }
}

function tokensOfLine(tokenizer: Tokenizer, line: string, number: number): object {
  try {
    return tokens(tokenizer, readText(line, number))
  } catch (error) {
    if (error instanceof SailError) return { error: error.toJSON() }
    throw error
  }
}

/** @throws SailError E_JSONL_LINE */
function readText(line: string, number: number): string {
  const refuse = (found: string, cause?: unknown) =>
    new SailError('E_JSONL_LINE', { file: 'stdin', place: `line ${number}`, expected: 'a JSON string', found, cause })
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (cause) {
    throw refuse('no JSON', cause)
  }
  if (typeof value !== 'string') throw refuse(value === null ? 'null' : typeof value)
  return value
}

function noText(): SailError {
  const hint = 'sail tokenize --help shows the flags'
  return new SailError('E_USAGE', {
    place: 'sail tokenize',
    expected: '--text TEXT or --jsonl',
    found: 'neither',
    hint,
  })
}
