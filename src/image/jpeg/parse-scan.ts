// SOS, the scan header:   | n u8 | n times: id u8, DC and AC table 4 bits each | first u8 | last u8 | high, low 4 bits each |
// A sequential file sends each component once. A progressive one sends first the high bits of all DC coefficients, then
// bands of AC coefficients, then lower bits; `Progress` remembers which bits of which coefficient came, so that scans out
// of order or missing are refused: libjpeg would smooth over the gap, and no two decoders agree on that.
// Source: ITU-T T.81, B.2.3 and annex G.

import type { Fault } from './fault.ts'
import type { Component, Frame, Scan, ScanComponent } from './frame.ts'
import type { Tables } from './tables.ts'

/** Blocks that one MCU may have. */
const MOST_BLOCKS = 10

export class Progress {
  /** Per component (64): lowest bit that came, -1 before the first scan. */
  private readonly bits = new Map<Component, Int8Array>()

  constructor({ components }: Frame) {
    for (const component of components) this.bits.set(component, new Int8Array(64).fill(-1))
  }

  /** @returns whether the scan brings exactly the next bits, and AC never before DC */
  advance(component: Component, { first, last, high, low }: Pick<Scan, 'first' | 'last' | 'high' | 'low'>): boolean {
    const bits = this.bits.get(component)
    if (bits === undefined || (first > 0 && bits[0] === -1)) return false
    for (let k = first; k <= last; k++) {
      if (bits[k] !== (high === 0 ? -1 : high)) return false
      bits[k] = low
    }
    return true
  }

  /** @throws SailError E_JPEG_TRUNCATED when a scan is missing */
  expectComplete(fault: Fault): void {
    for (const [{ id }, bits] of this.bits) {
      const k = bits.findIndex((low) => low !== 0)
      if (k !== -1)
        throw fault('E_JPEG_TRUNCATED', `component ${id}`, 'scans that bring every bit', `coefficient ${k} incomplete`)
    }
  }
}

/** @throws SailError E_JPEG_SCAN, E_JPEG_TABLE, E_JPEG_TRUNCATED when the data cannot hold the blocks */
export function parseScan(
  data: Uint8Array,
  place: string,
  from: number,
  to: number,
  frame: Frame,
  tables: Tables,
  progress: Progress,
  fault: Fault,
): Scan {
  const bad = (expected: string, found: string) => fault('E_JPEG_SCAN', place, expected, found)
  const n = data[0] ?? 0
  if (n < 1 || n > 4 || data.length !== 4 + 2 * n) throw bad('1 to 4 components, 2 bytes each', `${data.length} bytes`)
  const [first, last, approximation] = data.subarray(1 + 2 * n)
  const [high, low] = [approximation >> 4, approximation & 15]
  const band = { first, last, high, low }
  const found = `coefficients ${first} to ${last}, bits ${high} to ${low}`
  if (!frame.progressive && (first !== 0 || last !== 63 || high !== 0 || low !== 0))
    throw bad('coefficients 0 to 63 at once', found)
  if (frame.progressive && (first > 0 ? n > 1 || last < first || last > 63 : last !== 0))
    throw bad('a DC or an AC band', found)
  if (low > 13 || (high > 0 && low !== high - 1)) throw bad('one bit more, or the first ones', found)

  const needs = { dc: first === 0 && high === 0, ac: last > 0 }
  const components = Array.from({ length: n }, (_, i): ScanComponent => {
    const [id, ids] = data.subarray(1 + 2 * i)
    const component = frame.components.find((c) => c.id === id)
    if (component === undefined) throw bad('components of the frame', `${id}`)
    if (!progress.advance(component, band)) throw bad('each bit of each coefficient once, in order', found)
    if (component.quant === null) {
      const quant = tables.quantTable(component.table)
      if (quant === undefined) throw fault('E_JPEG_TABLE', place, `quantisation table ${component.table}`, 'none')
      component.quant = quant
    }
    const dc = needs.dc ? tables.huffmanTable('DC', ids >> 4, place) : null
    const ac = needs.ac ? tables.huffmanTable('AC', ids & 15, place) : null
    return { component, dc, ac }
  })
  const perMcu = components.reduce((sum, { component: { h, v } }) => sum + h * v, 0)
  if (n > 1 && perMcu > MOST_BLOCKS) throw bad(`at most ${MOST_BLOCKS} blocks an MCU`, `${perMcu}`)
  const alone = components[0].component
  const [mcusX, mcusY] = n > 1 ? [frame.mcusX, frame.mcusY] : [alone.blocksX, alone.blocksY]
  const scan = { components, ...band, restart: tables.restart, mcusX, mcusY, from, to }
  if ((to - from) * 8 < leastBits(scan))
    throw fault('E_JPEG_TRUNCATED', place, `data for ${mcusX * mcusY} MCUs`, `${to - from} bytes`)
  return scan
}

/** Bits without which the scan cannot be: a code for each block, save AC bands whose blocks may end in long runs. */
function leastBits({ components, first, last, mcusX, mcusY }: Scan): number {
  if (first > 0) return 0
  const block = (c: ScanComponent) => (c.dc?.shortest ?? 1) + (last > 0 ? (c.ac?.shortest ?? 1) : 0)
  const mcu = components.reduce((sum, c) => {
    const blocks = components.length > 1 ? c.component.h * c.component.v : 1
    return sum + blocks * block(c)
  }, 0)
  return mcu * mcusX * mcusY
}
