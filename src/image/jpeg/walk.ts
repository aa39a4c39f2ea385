// The order of the blocks in a scan. A scan of one component goes over its blocks row by row; a scan of several goes over
// MCUs, and in each over the h * v blocks of every component. At restart markers, decoding starts anew.
//   4:2:0, one MCU:   | Y Y |  Cb  Cr
//                     | Y Y |
// Source: ITU-T T.81, A.2.
import { Bits } from './bits.ts'
import type { Scan } from './frame.ts'

export interface BlockReader {
  /** Reads the block in `row`, `column` of the scan's c-th component. */
  block(bits: Bits, c: number, row: number, column: number): void
  /** Forgets the DC coefficients before, and runs. */
  restart(): void
}

/** @throws SailError E_JPEG_RESTART, E_JPEG_TRUNCATED, and what the reader throws */
export function walkScan(bytes: Uint8Array, scan: Scan, reader: BlockReader, file: string): void {
  const { mcusX, mcusY, restart, components } = scan
  const mcus = mcusX * mcusY
  const bits = new Bits(bytes, scan.from, scan.to, restart === 0 ? 1 : Math.ceil(mcus / restart), file)
  for (let mcu = 0; mcu < mcus; mcu++) {
    if (restart > 0 && mcu > 0 && mcu % restart === 0) {
      bits.restart()
      reader.restart()
    }
    const y = Math.floor(mcu / mcusX)
    walkMcu(bits, components, mcu - y * mcusX, y, reader)
  }
}

function walkMcu(bits: Bits, components: Scan['components'], x: number, y: number, reader: BlockReader): void {
  for (let c = 0; c < components.length; c++) {
    const { component } = components[c]
    const h = components.length === 1 ? 1 : component.h
    const v = components.length === 1 ? 1 : component.v
    for (let row = y * v; row < y * v + v; row++)
      for (let column = x * h; column < x * h + h; column++) {
        reader.block(bits, c, row, column)
        bits.check()
      }
  }
}
