// How the header readers make their errors: the file is known, the rest differs.
import { SailError } from '../../errors.ts'

export type Fault = (code: `E_${string}`, place: string, expected: string, found: string, hint?: string) => SailError

export function faultsOf(file: string): Fault {
  return (code, place, expected, found, hint = 'the file is damaged; fetch or save it again') =>
    new SailError(code, { file, place, expected, found, hint })
}
