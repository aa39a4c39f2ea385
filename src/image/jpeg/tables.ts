// The tables in force: DQT, DHT and DRI segments replace them at any time between scans, and a scan takes what it finds.
// Source: ITU-T T.81, B.2.4.

import type { Fault } from './fault.ts'
import { ZIGZAG } from './frame.ts'
import { HuffmanTable, type TableSpec } from './huffman.ts'

export class Tables {
  /** MCUs between restart markers, 0 for none. */
  restart = 0
  private readonly quant: (Uint16Array | undefined)[] = []
  private readonly dc: (TableSpec | undefined)[] = []
  private readonly ac: (TableSpec | undefined)[] = []
  private readonly built = new Map<TableSpec, HuffmanTable>()
  private readonly fault: Fault
  private readonly file: string

  constructor(fault: Fault, file: string) {
    this.fault = fault
    this.file = file
  }

  /** DQT: | precision, 4 bits | number, 4 bits | 64 values of 8 or 16 bits, zigzag |, repeated. */
  quantisation(data: Uint8Array, place: string): void {
    for (let at = 0; at < data.length; ) {
      const [wide, id] = [data[at] >> 4, data[at] & 15]
      const end = at + 1 + (wide === 0 ? 64 : 128)
      if (wide > 1 || id > 3 || end > data.length) throw this.bad(place, 'whole tables 0 to 3 of 8 or 16 bits')
      const table = new Uint16Array(64)
      for (let k = 0; k < 64; k++)
        table[ZIGZAG[k]] = wide === 0 ? data[at + 1 + k] : (data[at + 1 + 2 * k] << 8) | data[at + 2 + 2 * k]
      this.quant[id] = table
      at = end
    }
  }

  /** DHT: | class, 4 bits: 0 DC, 1 AC | number, 4 bits | 16 counts | symbols |, repeated. */
  huffman(data: Uint8Array, place: string): void {
    for (let at = 0; at < data.length; ) {
      const [kind, id] = [data[at] >> 4, data[at] & 15]
      const counts = data.subarray(at + 1, at + 17)
      const total = counts.reduce((sum, count) => sum + count, 0)
      const end = at + 17 + total
      if (kind > 1 || id > 3 || counts.length < 16 || total > 256 || end > data.length)
        throw this.bad(place, 'whole tables 0 to 3 of at most 256 codes')
      const tables = kind === 0 ? this.dc : this.ac
      tables[id] = { counts, symbols: data.subarray(at + 17, end), place }
      at = end
    }
  }

  restartInterval(data: Uint8Array, place: string): void {
    if (data.length !== 2) throw this.bad(place, 'one restart interval of 2 bytes')
    this.restart = (data[0] << 8) | data[1]
  }

  quantTable(id: number): Uint16Array | undefined {
    return this.quant[id]
  }

  /** @throws SailError E_JPEG_TABLE when the table is missing or no code */
  huffmanTable(kind: 'DC' | 'AC', id: number, place: string): HuffmanTable {
    const spec = (kind === 'DC' ? this.dc : this.ac)[id]
    if (spec === undefined)
      throw this.fault('E_JPEG_TABLE', place, `${kind} Huffman table ${id}`, 'none', 'save the picture again')
    const table = this.built.get(spec) ?? new HuffmanTable(spec, kind, this.file)
    this.built.set(spec, table)
    return table
  }

  private bad(place: string, expected: string) {
    return this.fault('E_JPEG_TABLE', place, expected, 'something else')
  }
}
