// A progressive file sends the picture several times over, each scan a band of coefficients and some of their bits, so all
// coefficients are kept until the last scan and transformed then. Four kinds of scan:
//   DC first: as sequential, shifted left by `low`          DC again: one bit a block
//   AC first: codes `run << 4 | size` as sequential; `run << 4` with run < 15 starts a run of 2^run + (run bits) blocks that
//     end here                                              AC again: one correction bit for every coefficient that is not
//     zero yet passed, and new ones of size 1 between them
// Source: ITU-T T.81, annex G.
import type { Bits } from './bits.ts'
import { type Component, type Frame, type Scan, ZIGZAG } from './frame.ts'
import { extend, type HuffmanTable } from './huffman.ts'
import { dequantise, inverseDct } from './idct.ts'
import { readDc, readSymbol } from './sequential.ts'
import { type BlockReader, walkScan } from './walk.ts'

/** Coefficients of one component, blocks row by row. */
export interface Coefficients {
  /** 64 a block, natural order */
  readonly values: Int16Array
  /** One a block: zigzag index above which all are zero. Most blocks are nearly empty, so this saves most of the work. */
  readonly top: Uint8Array
}
export type AllCoefficients = ReadonlyMap<Component, Coefficients>

export function emptyCoefficients({ components }: Frame): AllCoefficients {
  return new Map(
    components.map((c) => {
      const blocks = c.storedX * c.storedY
      return [c, { values: new Int16Array(blocks * 64), top: new Uint8Array(blocks) }]
    }),
  )
}

/** @throws SailError E_JPEG_CODE, E_JPEG_TRUNCATED, E_JPEG_RESTART */
export function decodeProgressiveScan(bytes: Uint8Array, scan: Scan, all: AllCoefficients, file: string): void {
  walkScan(bytes, scan, scan.first === 0 ? new DcReader(scan, all) : new AcReader(scan, all), file)
}

function coefficientsOf({ components }: Scan, all: AllCoefficients): Coefficients[] {
  return components.map(({ component }) => all.get(component) as Coefficients)
}

class DcReader implements BlockReader {
  private readonly scan: Scan
  private readonly all: Coefficients[]
  /** DC coefficient of each component's block before. */
  private readonly previous: Int32Array

  constructor(scan: Scan, all: AllCoefficients) {
    this.scan = scan
    this.all = coefficientsOf(scan, all)
    this.previous = new Int32Array(scan.components.length)
  }

  restart(): void {
    this.previous.fill(0)
  }

  block(bits: Bits, c: number, row: number, column: number): void {
    const { components, high, low } = this.scan
    const { values } = this.all[c]
    const at = (row * components[c].component.storedX + column) * 64
    if (high > 0) {
      values[at] |= bits.take(1) << low
      return
    }
    this.previous[c] = readDc(bits, components[c].dc as HuffmanTable, this.previous[c])
    values[at] = this.previous[c] << low
  }
}

/** The AC coefficients first..last of one component. */
class AcReader implements BlockReader {
  private readonly scan: Scan
  private readonly coefficients: Coefficients
  private readonly table: HuffmanTable
  private readonly storedX: number
  /** Blocks, the next one included, that have no more codes in this band. */
  private run = 0

  constructor(scan: Scan, all: AllCoefficients) {
    this.scan = scan
    this.coefficients = coefficientsOf(scan, all)[0]
    this.table = scan.components[0].ac as HuffmanTable
    this.storedX = scan.components[0].component.storedX
  }

  restart(): void {
    this.run = 0
  }

  block(bits: Bits, _c: number, row: number, column: number): void {
    const n = row * this.storedX + column
    if (this.scan.high > 0) this.refine(bits, this.coefficients, n)
    else if (this.run > 0) this.run--
    else this.begin(bits, this.coefficients, n)
  }

  private begin(bits: Bits, { values, top }: Coefficients, n: number): void {
    const { table } = this
    const { last, low } = this.scan
    for (let k = this.scan.first; k <= last; k++) {
      const symbol = readSymbol(bits, table)
      const size = symbol & 15
      k += symbol >> 4
      if (size > 0) {
        if (k > last) throw this.tooMany(bits)
        values[n * 64 + ZIGZAG[k]] = extend(bits.take(size), size) << low
        top[n] = Math.max(top[n], k)
      } else if (symbol !== 0xf0) {
        this.run = this.runLength(bits, symbol >> 4) - 1
        return
      }
    }
  }

  private refine(bits: Bits, { values, top }: Coefficients, n: number): void {
    const { table } = this
    const at = n * 64
    const { last, low } = this.scan
    const bit = 1 << low
    let k = this.scan.first
    if (this.run === 0)
      for (; k <= last; k++) {
        const symbol = readSymbol(bits, table)
        let zeros = symbol >> 4
        let value = 0
        if ((symbol & 15) === 1) value = bits.take(1) === 1 ? bit : -bit
        else if ((symbol & 15) !== 0) throw bits.fault('E_JPEG_CODE', 'new coefficients of size 1', `${symbol & 15}`)
        else if (zeros < 15) {
          this.run = this.runLength(bits, zeros)
          break
        }
        for (; k <= last; k++) {
          const i = at + ZIGZAG[k]
          if (values[i] === 0) {
            if (zeros-- === 0) break
          } else this.correct(bits, values, i, bit)
        }
        if (value === 0) continue
        if (k > last) throw this.tooMany(bits)
        values[at + ZIGZAG[k]] = value
        top[n] = Math.max(top[n], k)
      }
    if (this.run === 0) return
    const end = Math.min(last, top[n])
    for (; k <= end; k++) if (values[at + ZIGZAG[k]] !== 0) this.correct(bits, values, at + ZIGZAG[k], bit)
    this.run--
  }

  /** A set bit moves the coefficient away from zero, unless the bit is there already. */
  private correct(bits: Bits, values: Int16Array, i: number, bit: number): void {
    if (bits.take(1) === 1 && (values[i] & bit) === 0) values[i] += values[i] > 0 ? bit : -bit
  }

  private runLength(bits: Bits, size: number): number {
    return (1 << size) + (size > 0 ? bits.take(size) : 0)
  }

  private tooMany(bits: Bits) {
    return bits.fault('E_JPEG_CODE', `coefficients up to ${this.scan.last}`, 'more')
  }
}

/**
 * Transforms every block of a component that has samples of the picture, a row of blocks at a time.
 * @returns 8 * storedY rows of 8 * storedX samples, in the memory of the coefficients: a row of blocks is half as many
 *   bytes as samples, so it ends before the coefficients that are still to be read, which saves a plane of memory
 */
export function transform(component: Component, { values, top }: Coefficients): Uint8ClampedArray {
  const block = new Int32Array(64)
  const { blocksX, blocksY, storedX, storedY } = component
  const quant = component.quant as Uint16Array
  const plane = new Uint8ClampedArray(values.buffer, 0, storedX * storedY * 64)
  const strip = new Uint8ClampedArray(storedX * 64)
  for (let row = 0; row < blocksY; row++) {
    for (let column = 0; column < blocksX; column++) {
      const n = row * storedX + column
      block.fill(0)
      block[0] = dequantise(values[n * 64], quant[0])
      let ac = 0
      for (let k = 1; k <= top[n]; k++) {
        const i = ZIGZAG[k]
        block[i] = dequantise(values[n * 64 + i], quant[i])
        ac += Math.abs(block[i])
      }
      inverseDct(block, ac, strip, column * 8, storedX * 8)
    }
    plane.set(strip, row * strip.length)
  }
  return plane
}
