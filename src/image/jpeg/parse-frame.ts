// SOF, the frame header:   | precision u8 | height u16 | width u16 | n u8 | n times: id u8, h and v 4 bits each, table u8 |
// Source: ITU-T T.81, B.2.2.
import { checkPixels, type DecodeContext } from '../rgb-image.ts'
import type { Fault } from './fault.ts'
import type { Component, Frame } from './frame.ts'

/** @throws SailError E_JPEG_FRAME, E_JPEG_UNSUPPORTED, E_IMAGE_TOO_LARGE */
export function parseFrame(
  marker: number,
  data: Uint8Array,
  place: string,
  context: DecodeContext,
  fault: Fault,
): Frame {
  if (marker > 0xc2) {
    const kind =
      marker >= 0xc9 && marker !== 0xcc ? 'arithmetic coding' : marker === 0xcc ? 'DAC' : 'lossless or hierarchical'
    throw fault(
      'E_JPEG_UNSUPPORTED',
      place,
      'baseline or progressive Huffman coding',
      kind,
      'convert the picture to PNG',
    )
  }
  const bad = (expected: string, found: string | number) => fault('E_JPEG_FRAME', place, expected, `${found}`)
  if (data.length < 6 || data.length !== 6 + 3 * data[5]) throw bad('3 bytes a component', `${data.length} bytes`)
  const [precision, n] = [data[0], data[5]]
  if (precision !== 8)
    throw fault('E_JPEG_UNSUPPORTED', place, '8 bits a sample', `${precision}`, 'convert the picture to PNG')
  const height = (data[1] << 8) | data[2]
  const width = (data[3] << 8) | data[4]
  if (width === 0 || height === 0) throw bad('width and height of 1 or more', `${width} x ${height}`)
  if (n !== 1 && n !== 3 && n !== 4) throw bad('1, 3 or 4 components', n)
  checkPixels(width, height, context)

  const heads = Array.from({ length: n }, (_, i) => {
    const [id, sampling, table] = data.subarray(6 + 3 * i)
    return { id, h: sampling >> 4, v: sampling & 15, table }
  })
  const hMax = Math.max(...heads.map(({ h }) => h))
  const vMax = Math.max(...heads.map(({ v }) => v))
  const mcusX = Math.ceil(width / (8 * hMax))
  const mcusY = Math.ceil(height / (8 * vMax))
  const components = heads.map(({ id, h, v, table }, i): Component => {
    if (heads.findIndex((head) => head.id === id) !== i) throw bad('different component ids', id)
    if (h < 1 || h > 4 || v < 1 || v > 4) throw bad('sampling factors 1 to 4', `${h} x ${v}`)
    if (hMax % h !== 0 || vMax % v !== 0) throw bad(`sampling factors that divide ${hMax} x ${vMax}`, `${h} x ${v}`)
    if (table > 3) throw bad('quantisation table 0 to 3', table)
    const w = Math.ceil((width * h) / hMax)
    const t = Math.ceil((height * v) / vMax)
    const [blocksX, blocksY] = [Math.ceil(w / 8), Math.ceil(t / 8)]
    const [storedX, storedY] = [mcusX * h, mcusY * v]
    return { id, h, v, table, width: w, height: t, blocksX, blocksY, storedX, storedY, quant: null }
  })
  return { width, height, progressive: marker === 0xc2, components, hMax, vMax, mcusX, mcusY }
}
