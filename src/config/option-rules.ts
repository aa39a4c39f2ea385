// Options of a call, checked before anything is done with them. Every option has a code of its own, what it takes in words,
// and a test; an option that nobody knows is a fault, so that a misspelt one is not taken for its default.
import { SailError } from '../errors.ts'

type OptionRule = readonly [code: `E_OPTION_${string}`, expected: string, fits: (value: unknown) => boolean]

/** One rule an option. */
export type OptionRules<Options> = Readonly<Record<keyof Options, OptionRule>>

export const number = (from: number, to: number) => (x: unknown) => typeof x === 'number' && x >= from && x <= to
export const integer = (from: number, to: number) => (x: unknown) => Number.isInteger(x) && number(from, to)(x)

/** Options that are undefined count as not given. @throws SailError E_OPTION_UNKNOWN and the codes of the rules */
export function checkOptions<Options extends object>(
  file: string,
  options: Options,
  rules: OptionRules<Options>,
): void {
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(rules, name)) {
      const expected = Object.keys(rules).join(', ')
      throw new SailError('E_OPTION_UNKNOWN', { file, place: name, expected, found: name })
    }
    const [code, expected, fits] = rules[name as keyof Options]
    if (value !== undefined && !fits(value))
      throw new SailError(code, { file, place: name, expected, found: show(value) })
  }
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 80))
  if (Array.isArray(value)) return `a list of ${value.length}`
  return value !== null && typeof value === 'object' ? 'an object' : String(value)
}
