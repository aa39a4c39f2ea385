// Canonical Huffman codes: a table lists how many codes there are of each length 1 to 16, and their symbols in order; codes
// of a length are consecutive, and the first of the next length is (last + 1) * 2. Most codes are short, so the next LOOK
// bits index a table that answers at once; longer codes are found length by length.
// Source: ITU-T T.81, annex C and F.2.2.3.
import { SailError } from '../../errors.ts'

/** Bits looked up at once. */
export const LOOK = 10

/** A DHT table as it stands in the file. */
export interface TableSpec {
  /** (16) number of codes of length 1 to 16 */
  readonly counts: Uint8Array
  readonly symbols: Uint8Array
  readonly place: string
}

export class HuffmanTable {
  /** symbol << 5 | length of the code that starts the index, or 0 for a longer code. */
  readonly look = new Uint16Array(1 << LOOK)
  /** For code and extra bits within LOOK bits together: value << 16 | run << 8 | bits of both; else 0. */
  readonly fast = new Int32Array(1 << LOOK)
  /** Bits of the shortest code. */
  readonly shortest: number
  private readonly last = new Int32Array(17).fill(-1)
  private readonly shift = new Int32Array(17)
  private readonly symbols: Uint8Array

  /** @throws SailError E_JPEG_TABLE when the codes do not fit their lengths or a DC symbol is above 15 */
  constructor({ counts, symbols, place }: TableSpec, kind: 'DC' | 'AC', file: string) {
    this.symbols = symbols
    let code = 0
    let n = 0
    for (let length = 1; length <= 16; length++, code <<= 1) {
      this.shift[length] = n - code
      for (let i = 0; i < counts[length - 1]; i++, n++, code++) {
        if (code >= 1 << length || (kind === 'DC' && symbols[n] > 15))
          throw new SailError('E_JPEG_TABLE', {
            file,
            place,
            expected: 'codes that fit their lengths and DC sizes up to 15',
            found: `symbol ${symbols[n]} with code ${code} of ${length} bits`,
          })
        if (length <= LOOK) this.enter(code, length, symbols[n])
        this.last[length] = code
      }
    }
    this.shortest = counts.findIndex((count) => count > 0) + 1
  }

  private enter(code: number, length: number, symbol: number): void {
    const spare = LOOK - length
    const size = symbol & 15
    for (let rest = 0; rest < 1 << spare; rest++) {
      const index = (code << spare) | rest
      this.look[index] = (symbol << 5) | length
      if (size === 0 || size > spare) continue
      const value = extend(rest >> (spare - size), size)
      this.fast[index] = (value << 16) | ((symbol >> 4) << 8) | (length + size)
    }
  }

  /** symbol << 5 | length of the code at the top of the 32-bit word, which is longer than LOOK; 0 when there is none. */
  long(word: number): number {
    for (let length = LOOK + 1; length <= 16; length++) {
      const code = word >>> (32 - length)
      if (code <= this.last[length]) return (this.symbols[code + this.shift[length]] << 5) | length
    }
    return 0
  }
}

/** The number that `size` extra bits stand for: with the first bit 0 it is negative. Source: T.81, figure F.12. */
export function extend(bits: number, size: number): number {
  return bits < 1 << (size - 1) ? bits - (1 << size) + 1 : bits
}
