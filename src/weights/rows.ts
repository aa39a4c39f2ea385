// Where rows of a tensor are in its file. Rows are the first axis; a scalar is one row.
import { quote } from '../config/quote.ts'
import { SailError } from '../errors.ts'

/**
 * The bytes of rows [from, to), by default all.
 * @param subject of the error: SAFETENSORS, TORCH   @throws SailError E_<subject>_ROWS
 */
export function rowRange(
  file: string,
  subject: 'SAFETENSORS' | 'TORCH',
  name: string,
  { shape, begin, end }: { readonly shape: readonly number[]; readonly begin: number; readonly end: number },
  from = 0,
  to?: number,
): { readonly begin: number; readonly end: number } {
  const rows = shape[0] ?? 1
  const last = to ?? rows
  if (!(Number.isInteger(from) && Number.isInteger(last) && 0 <= from && from <= last && last <= rows)) {
    throw new SailError(`E_${subject}_ROWS`, {
      file,
      place: `tensor ${quote(name)}`,
      expected: `a range within ${rows} rows`,
      found: `[${from}, ${last})`,
    })
  }
  const rowBytes = rows === 0 ? 0 : (end - begin) / rows
  return { begin: begin + from * rowBytes, end: begin + last * rowBytes }
}
