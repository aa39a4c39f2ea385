// A sequential scan: each block is its DC difference and its AC coefficients up to an end-of-block code, all bits at once.
// So a block is transformed as soon as it is read, straight into the samples of its component.
//   DC: code for the size of the difference, then that many bits.   AC: code `run << 4 | size`, then size bits: skip run zeros;
//   00 ends the block, F0 skips 16 zeros.
// Source: ITU-T T.81, F.2.
import type { Bits } from './bits.ts'
import { type Component, type Scan, ZIGZAG } from './frame.ts'
import { extend, type HuffmanTable, LOOK } from './huffman.ts'
import { dequantise, inverseDct } from './idct.ts'
import { type BlockReader, walkScan } from './walk.ts'

/** Samples of one component: 8 * storedY rows of 8 * storedX. */
export type Planes = ReadonlyMap<Component, Uint8ClampedArray>

/** @throws SailError E_JPEG_CODE, E_JPEG_TRUNCATED, E_JPEG_RESTART */
export function decodeSequentialScan(bytes: Uint8Array, scan: Scan, planes: Planes, file: string): void {
  walkScan(bytes, scan, new SequentialReader(scan, planes), file)
}

class SequentialReader implements BlockReader {
  private readonly components: Scan['components']
  private readonly planes: Uint8ClampedArray[]
  /** DC coefficient of each component's block before. */
  private readonly previous: Int32Array
  private readonly coefficients = new Int32Array(64)

  constructor({ components }: Scan, planes: Planes) {
    this.components = components
    this.planes = components.map(({ component }) => planes.get(component) as Uint8ClampedArray)
    this.previous = new Int32Array(components.length)
  }

  restart(): void {
    this.previous.fill(0)
  }

  block(bits: Bits, c: number, row: number, column: number): void {
    const { coefficients, previous } = this
    const { component, dc, ac } = this.components[c]
    const quant = component.quant as Uint16Array
    const stride = component.storedX * 8
    coefficients.fill(0)
    previous[c] = readDc(bits, dc as HuffmanTable, previous[c])
    coefficients[0] = dequantise(previous[c], quant[0])
    const sum = readAc(bits, ac as HuffmanTable, quant, coefficients)
    inverseDct(coefficients, sum, this.planes[c], row * 8 * stride + column * 8, stride)
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
