// Undoing the five row filters. Each byte was stored as its difference to a guess made from its left neighbour a, the byte
// above b and the one above left c, neighbours being `step` bytes (one pixel, at least 1) away:
//   0 none | 1 a | 2 b | 3 floor((a + b) / 2) | 4 Paeth: of a, b, c the one nearest to a + b - c
// Rows start with `step` zero bytes, so that the first pixel has a left neighbour; the row above the first is all zero.
// Source: W3C PNG specification, clause 9.

/** Unfilters `row` in place. @returns false when `filter` is none of the five */
export function unfilter(filter: number, row: Uint8Array, above: Uint8Array, step: number): boolean {
  const end = row.length
  if (filter === 1) for (let i = step; i < end; i++) row[i] += row[i - step]
  else if (filter === 2) for (let i = step; i < end; i++) row[i] += above[i]
  else if (filter === 3) for (let i = step; i < end; i++) row[i] += (row[i - step] + above[i]) >> 1
  else if (filter === 4) paeth(row, above, step)
  return filter <= 4
}

function paeth(row: Uint8Array, above: Uint8Array, step: number): void {
  for (let i = step; i < row.length; i++) {
    const a = row[i - step]
    const b = above[i]
    const c = above[i - step]
    const pa = Math.abs(b - c)
    const pb = Math.abs(a - c)
    const pc = Math.abs(a + b - c - c)
    row[i] += pa <= pb && pa <= pc ? a : pb <= pc ? b : c
  }
}
