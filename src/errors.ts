// The one error of the project. `code` is API (E_<SUBJECT>_<FAULT>, one code a fault); the message is made of the fields,
// so whoever prints it shows file, place, what was expected, what was found and what to do.

export interface SailErrorDetail {
  /** File or URL, or the function when no file is at fault. */
  readonly file?: string
  /** Where in it: a tensor name, a JSON path, a byte offset, an option. */
  readonly place?: string
  readonly expected?: string
  readonly found?: string
  /** What the reader can do about it. */
  readonly hint?: string
  readonly cause?: unknown
}

/** The only error thrown by this library. Tests and callers match `code`, never the text. */
export class SailError extends Error {
  readonly code: string
  readonly file: string | undefined
  readonly place: string | undefined
  readonly expected: string | undefined
  readonly found: string | undefined
  readonly hint: string | undefined

  constructor(code: `E_${string}`, detail: SailErrorDetail) {
    super(describe(detail), detail.cause === undefined ? undefined : { cause: detail.cause })
    this.name = 'SailError'
    this.code = code
    this.file = detail.file
    this.place = detail.place
    this.expected = detail.expected
    this.found = detail.found
    this.hint = detail.hint
  }

  /** The shape that `--json` prints: `{code, message, file, place, expected, found, hint}`, absent fields null. */
  toJSON(): Record<string, string | null> {
    const { code, message, file, place, expected, found, hint } = this
    return {
      code,
      message,
      file: file ?? null,
      place: place ?? null,
      expected: expected ?? null,
      found: found ?? null,
      hint: hint ?? null,
    }
  }
}

function describe({ file, place, expected, found, hint }: SailErrorDetail): string {
  const where = [file, place].filter((part) => part !== undefined).join(', ')
  const what = [expected === undefined ? '' : `expected ${expected}`, found === undefined ? '' : `found ${found}`]
    .filter((part) => part !== '')
    .join(', ')
  return [where, what].filter((part) => part !== '').join(': ') + (hint === undefined ? '' : `; ${hint}`)
}
