// A sequential scan: each block is its DC difference and its AC coefficients up to an end-of-block code, all bits at once.
// So a block is transformed as soon as it is read, straight into the samples of its component.
//   DC: code for the size of the difference, then that many bits.   AC: code `run << 4 | size`, then size bits: skip run zeros;
//   00 ends the block, F0 skips 16 zeros.
// Source: ITU-T T.81, F.2.
import { Bits } from './bits.ts'
import { type Component, type Scan, ZIGZAG } from './frame.ts'
import { extend, type HuffmanTable, LOOK } from './huffman.ts'
import { dequantise, inverseDct } from './idct.ts'

/** Samples of one component: 8 * storedY rows of 8 * storedX. */
export type Planes = ReadonlyMap<Component, Uint8ClampedArray>

/** @throws SailError E_JPEG_CODE, E_JPEG_TRUNCATED, E_JPEG_RESTART */
export function decodeSequentialScan(bytes: Uint8Array, scan: Scan, planes: Planes, file: string): void {
  const { mcusX, mcusY, restart } = scan
  const mcus = mcusX * mcusY
  const bits = new Bits(bytes, scan.from, scan.to, restart === 0 ? 1 : Math.ceil(mcus / restart), file)
  const alone = scan.components.length === 1
  const parts = scan.components.map(({ component, dc, ac }) => ({
    dc: dc as HuffmanTable,
    ac: ac as HuffmanTable,
    quant: component.quant as Uint16Array,
    plane: planes.get(component) as Uint8ClampedArray,
    stride: component.storedX * 8,
    h: alone ? 1 : component.h,
    v: alone ? 1 : component.v,
    previous: 0,
  }))
  const block = new Int32Array(64)
  let left = restart
  for (let y = 0; y < mcusY; y++)
    for (let x = 0; x < mcusX; x++) {
      if (restart > 0 && left-- === 0) {
        left = restart - 1
        bits.restart()
        for (const part of parts) part.previous = 0
      }
      for (const part of parts) {
        const { stride, h, v } = part
        for (let row = y * v; row < y * v + v; row++)
          for (let column = x * h; column < x * h + h; column++) {
            block.fill(0)
            part.previous = readDc(bits, part.dc, part.previous)
            block[0] = dequantise(part.previous, part.quant[0])
            const ac = readAc(bits, part.ac, part.quant, block)
            bits.check()
            inverseDct(block, ac, part.plane, row * 8 * stride + column * 8, stride)
          }
      }
    }
}

/** The next DC coefficient. @throws SailError E_JPEG_CODE when it leaves 16 bits, as in no picture of 8-bit samples */
export function readDc(bits: Bits, table: HuffmanTable, previous: number): number {
  const size = readSymbol(bits, table)
  const dc = size === 0 ? previous : previous + extend(bits.take(size), size)
  if (dc !== (dc << 16) >> 16) throw bits.fault('E_JPEG_CODE', 'DC coefficients of 16 bits', `${dc}`)
  return dc
}

/** The next symbol of a Huffman table. @throws SailError E_JPEG_CODE */
export function readSymbol(bits: Bits, table: HuffmanTable): number {
  const word = bits.word()
  const entry = table.look[word >>> (32 - LOOK)] || table.long(word)
  if (entry === 0) throw noCode(bits)
  bits.p += entry & 31
  return entry >> 5
}

/** Fills in the dequantised AC coefficients. @returns the sum of their magnitudes */
function readAc(bits: Bits, table: HuffmanTable, quant: Uint16Array, block: Int32Array): number {
  const { view } = bits
  const { look, fast } = table
  let p = bits.p
  let sum = 0
  for (let k = 1; k < 64; k++) {
    const word = view.getInt32(p >>> 3) << (p & 7)
    const index = word >>> (32 - LOOK)
    let entry = fast[index]
    let value = entry >> 16
    if (entry !== 0) {
      k += (entry >> 8) & 15
      p += entry & 31
    } else {
      entry = look[index] || table.long(word)
      if (entry === 0) throw noCode(bits)
      p += entry & 31
      const size = (entry >> 5) & 15
      const run = entry >> 9
      if (size === 0) {
        if (run < 15) break
        k += 15
        continue
      }
      k += run
      value = extend((view.getInt32(p >>> 3) << (p & 7)) >>> (32 - size), size)
      p += size
    }
    if (k > 63) throw bits.fault('E_JPEG_CODE', 'at most 63 AC coefficients in a block', 'more')
    const i = ZIGZAG[k]
    block[i] = dequantise(value, quant[i])
    sum += Math.abs(block[i])
  }
  bits.p = p
  return sum
}

function noCode(bits: Bits) {
  return bits.fault('E_JPEG_CODE', 'a code of the Huffman table', 'another')
}
