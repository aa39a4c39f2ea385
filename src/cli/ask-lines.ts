// Many questions, one JSON document a line: {"image","prompt"} in, what `ask --json` prints out, in the same order. A line
// that cannot be answered gives {"error"} in its place, and the others go on. Neighbouring questions about one image
// share its prefix.
import { createReadStream } from 'node:fs'
import type { GenerateOptions, Question } from '../api.ts'
import { SailError } from '../errors.ts'
import { openFile } from '../node/file-source.ts'
import type { Sail } from '../node.ts'
import { answerJson } from './answer-json.ts'
import type { Notes } from './notes.ts'
import { type Input, lines, stdin } from './stdin.ts'
import { writeJson } from './stdout.ts'

export interface Batch {
  readonly sail: Sail
  readonly show: Notes
  /** Path, or `-` for stdin. */
  readonly jsonl: string
  readonly raw: boolean
  readonly options: GenerateOptions
  readonly signal: AbortSignal
}

export async function askAll(batch: Batch): Promise<void> {
  const { sail, show, jsonl, options, signal } = batch
  let [number, failed] = [0, 0]
  for await (const line of lines(await openLines(jsonl), signal)) {
    number++
    if (line.trim() === '') continue
    try {
      await writeJson(answerJson(sail, await sail.ask(readQuestion(line, batch, number), options)))
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof SailError)) throw error
      failed++
      await writeJson({ error: error.toJSON() })
    }
    signal.throwIfAborted()
  }
  if (failed > 0) show.say(`${failed} of ${number} lines failed`)
}

async function openLines(jsonl: string): Promise<Input> {
  if (jsonl === '-') return stdin()
  const source = await openFile(jsonl) // a directory or a FIFO is refused with its own error
  await source.close()
  return { file: jsonl, stream: createReadStream(jsonl) }
}

/** @throws SailError E_JSONL_LINE */
function readQuestion(line: string, { jsonl, raw }: Batch, number: number): Question {
  const refuse = (found: string, cause?: unknown) =>
    new SailError('E_JSONL_LINE', {
      file: jsonl === '-' ? 'stdin' : jsonl,
      place: `line ${number}`,
      expected: '{"image": path, "prompt": text}, image may be missing',
      found,
      cause,
    })
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (cause) {
    throw refuse('no JSON', cause)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refuse('no object')
  const unknown = Object.keys(value).find((key) => key !== 'image' && key !== 'prompt')
  if (unknown !== undefined) throw refuse(`a field ${JSON.stringify(unknown.slice(0, 40))}`)
  const { image, prompt } = value as { image?: unknown; prompt?: unknown }
  if (typeof prompt !== 'string') throw refuse('no text "prompt"')
  if (image === undefined || image === null) return { prompt, raw }
  if (typeof image !== 'string' || image === '' || image === '-') throw refuse('an "image" that is no path')
  return { prompt, raw, image }
}
