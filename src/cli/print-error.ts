// An error as one line on stderr: `sail: E_CODE: file, place: expected .., found ..; hint`, or with --json as one JSON
// document. Whatever is no SailError is a fault of this program: it is shown with its stack, under the code E_INTERNAL.
import { SailError } from '../errors.ts'
import { toJson } from './json.ts'
import { forTerminal, oneLine } from './terminal.ts'

export function printError(error: unknown, asJson: boolean): void {
  const known = error instanceof SailError ? error : internal(error)
  const line = asJson
    ? toJson({ error: known.toJSON() })
    : `sail: ${known.code}: ${forTerminal(oneLine(known.message), process.stderr)}`
  process.stderr.write(`${line}\n`)
  if (known !== error && !asJson && error instanceof Error)
    process.stderr.write(`${forTerminal(`${error.stack}`, process.stderr)}\n`)
}

function internal(error: unknown): SailError {
  return new SailError('E_INTERNAL', {
    found: error instanceof Error ? oneLine(error.message) : String(error),
    hint: 'this is a fault of sail-ts itself: please report it',
    cause: error,
  })
}
