// From inflated bytes to the picture, a row at a time: gather a row, undo its filter, write its pixels where they belong.
// Only two rows are kept. Interlaced files send the picture as seven smaller ones, each a grid of the pixels:
//   pass   first column, first row, column step, row step
// A pass without pixels has no rows at all. Source: W3C PNG specification, 8.2 and clause 7.
import { SailError } from '../../errors.ts'
import { reserve } from '../rgb-image.ts'
import { unfilter } from './filter.ts'
import type { Header } from './header.ts'
import { type RowWriter, rowWriter } from './to-rgb.ts'

interface Pass {
  readonly x: number
  readonly y: number
  readonly dx: number
  readonly dy: number
  /** Pixels of a row, rows, bytes of a row without its filter byte. */
  readonly n: number
  readonly rows: number
  readonly bytes: number
}

const ADAM7 = ['0 0 8 8', '4 0 8 8', '0 4 4 8', '2 0 4 4', '0 2 2 4', '1 0 2 2', '0 1 1 2']

export function passes({ width, height, bits, interlaced }: Header): Pass[] {
  return (interlaced ? ADAM7 : ['0 0 1 1'])
    .map((pass) => {
      const [x, y, dx, dy] = pass.split(' ').map(Number)
      const n = Math.ceil((width - x) / dx)
      return { x, y, dx, dy, n, rows: Math.ceil((height - y) / dy), bytes: Math.ceil((n * bits) / 8) }
    })
    .filter(({ n, rows }) => n > 0 && rows > 0)
}

/** Bytes that the whole picture inflates to, filter bytes included. */
export function inflatedSize(header: Header): number {
  return passes(header).reduce((sum, { rows, bytes }) => sum + rows * (bytes + 1), 0)
}

/** Takes the inflated bytes in pieces of any length and fills `rgb`. */
export class Rows {
  /** (height, width, 3) */
  readonly rgb: Uint8Array
  private readonly width: number
  private readonly palette: Uint8Array
  private readonly file: string
  private readonly step: number
  private readonly write: RowWriter
  private readonly todo: Pass[]
  private y = 0 // row of the pass todo[0]
  private filter = -1 // -1: its filter byte is the next byte
  private have = 0 // bytes of it that came
  private row = new Uint8Array(0)
  private above = new Uint8Array(0)

  constructor(header: Header, palette: Uint8Array, file: string) {
    this.rgb = reserve(file, () => new Uint8Array(header.width * header.height * 3))
    this.width = header.width
    this.palette = palette
    this.file = file
    this.step = Math.max(1, header.bits >> 3)
    this.write = rowWriter(header, palette)
    this.todo = passes(header)
    this.startPass()
  }

  get complete(): boolean {
    return this.todo.length === 0
  }

  /** @throws SailError E_PNG_FILTER, E_PNG_PALETTE, E_PNG_EXCESS when more comes than the header declares */
  push(piece: Uint8Array): void {
    for (let at = 0; at < piece.length; ) {
      if (this.complete) throw this.fault('E_PNG_EXCESS', 'IDAT', 'no data after the last row', 'more')
      if (this.filter === -1) {
        this.filter = piece[at++]
        continue
      }
      const take = Math.min(this.todo[0].bytes - this.have, piece.length - at)
      copy(piece, at, this.row, this.step + this.have, take)
      this.have += take
      at += take
      if (this.have === this.todo[0].bytes) this.finishRow()
    }
  }

  private startPass(): void {
    const bytes = this.complete ? 0 : this.step + this.todo[0].bytes
    this.row = new Uint8Array(bytes)
    this.above = new Uint8Array(bytes)
    this.y = 0
  }

  private finishRow(): void {
    const { row, above, step, palette, rgb, width } = this
    const pass = this.todo[0]
    const y = pass.y + this.y * pass.dy
    if (!unfilter(this.filter, row, above, step))
      throw this.fault('E_PNG_FILTER', `row ${y}`, 'a filter from 0 to 4', `${this.filter}`)
    const outside = this.write(row, step, pass.n, rgb, (y * width + pass.x) * 3, pass.dx * 3)
    if (outside !== -1)
      throw this.fault('E_PNG_PALETTE', `row ${y}`, `an index below the ${palette.length / 3} of PLTE`, `${outside}`)
    this.above = row
    this.row = above
    this.filter = -1
    this.have = 0
    this.y++
    if (this.y < pass.rows) return
    this.todo.shift()
    this.startPass()
  }

  private fault(code: `E_${string}`, place: string, expected: string, found: string): SailError {
    return new SailError(code, { file: this.file, place, expected, found, hint: 'save the picture again' })
  }
}

/** Short rows come by the million in tall pictures, and a view for each would cost more than its bytes. */
function copy(from: Uint8Array, at: number, to: Uint8Array, o: number, n: number): void {
  if (n > 32) to.set(from.subarray(at, at + n), o)
  else for (let i = 0; i < n; i++) to[o + i] = from[at + i]
}
