// A progressive file sends the picture several times over, each scan a band of coefficients and some of their bits, so all
// coefficients are kept until the last scan and transformed then. Four kinds of scan:
//   DC first: as sequential, shifted left by `low`          DC again: one bit a block
//   AC first: codes `run << 4 | size` as sequential; `run << 4` with run < 15 starts a run of 2^run + (run bits) blocks that
//     end here                                              AC again: one correction bit for every coefficient that is not
//     zero yet passed, and new ones of size 1 between them
// Source: ITU-T T.81, annex G.
import { Bits } from './bits.ts'
import { type Component, type Frame, type Scan, ZIGZAG } from './frame.ts'
import { extend, type HuffmanTable } from './huffman.ts'
import { dequantise, inverseDct } from './idct.ts'
import { type Planes, readDc, readSymbol } from './sequential.ts'

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
export function decodeProgressiveScan(
  bytes: Uint8Array,
  scan: Scan,
  coefficients: AllCoefficients,
  file: string,
): void {
  const { mcusX, mcusY, restart, first, high, low } = scan
  const mcus = mcusX * mcusY
  const bits = new Bits(bytes, scan.from, scan.to, restart === 0 ? 1 : Math.ceil(mcus / restart), file)
  const band = new Band(bits, scan)
  const alone = scan.components.length === 1
  const parts = scan.components.map(({ component, dc }) => ({
    dc,
    blocks: coefficients.get(component) as Coefficients,
    storedX: component.storedX,
    h: alone ? 1 : component.h,
    v: alone ? 1 : component.v,
    previous: 0,
  }))
  let left = restart
  for (let y = 0; y < mcusY; y++)
    for (let x = 0; x < mcusX; x++) {
      if (restart > 0 && left-- === 0) {
        left = restart - 1
        bits.restart()
        band.run = 0
        for (const part of parts) part.previous = 0
      }
      for (const part of parts) {
        const { dc, blocks, storedX, h, v } = part
        for (let row = y * v; row < y * v + v; row++)
          for (let column = x * h; column < x * h + h; column++) {
            const n = row * storedX + column
            if (first > 0) band.read(blocks, n)
            else if (high > 0) blocks.values[n * 64] |= bits.take(1) << low
            else if (dc !== null) {
              part.previous = readDc(bits, dc, part.previous)
              blocks.values[n * 64] = part.previous << low
            }
            bits.check()
          }
      }
    }
}

/** The AC coefficients first..last of one block after the other. */
class Band {
  /** Blocks, this one included, that have no more codes in this band. */
  run = 0
  private readonly bits: Bits
  private readonly scan: Scan
  private readonly table: HuffmanTable | null

  constructor(bits: Bits, scan: Scan) {
    this.bits = bits
    this.scan = scan
    this.table = scan.components[0].ac
  }

  /** @param n number of the block */
  read(blocks: Coefficients, n: number): void {
    if (this.scan.high > 0) this.refine(blocks, n)
    else if (this.run > 0) this.run--
    else this.begin(blocks, n)
  }

  private begin({ values, top }: Coefficients, n: number): void {
    const { bits, table } = this
    const { last, low } = this.scan
    for (let k = this.scan.first; k <= last; k++) {
      const symbol = readSymbol(bits, table as HuffmanTable)
      const size = symbol & 15
      k += symbol >> 4
      if (size > 0) {
        if (k > last) throw this.tooMany()
        values[n * 64 + ZIGZAG[k]] = extend(bits.take(size), size) << low
        top[n] = Math.max(top[n], k)
      } else if (symbol !== 0xf0) {
        this.run = this.runLength(symbol >> 4) - 1
        return
      }
    }
  }

  private refine({ values, top }: Coefficients, n: number): void {
    const { bits, table } = this
    const at = n * 64
    const { last, low } = this.scan
    const bit = 1 << low
    let k = this.scan.first
    if (this.run === 0)
      for (; k <= last; k++) {
        const symbol = readSymbol(bits, table as HuffmanTable)
        let zeros = symbol >> 4
        let value = 0
        if ((symbol & 15) === 1) value = bits.take(1) === 1 ? bit : -bit
        else if ((symbol & 15) !== 0) throw bits.fault('E_JPEG_CODE', 'new coefficients of size 1', `${symbol & 15}`)
        else if (zeros < 15) {
          this.run = this.runLength(zeros)
          break
        }
        for (; k <= last; k++) {
          const i = at + ZIGZAG[k]
          if (values[i] === 0) {
            if (zeros-- === 0) break
          } else this.correct(values, i, bit)
        }
        if (value === 0) continue
        if (k > last) throw this.tooMany()
        values[at + ZIGZAG[k]] = value
        top[n] = Math.max(top[n], k)
      }
    if (this.run === 0) return
    const end = Math.min(last, top[n])
    for (; k <= end; k++) if (values[at + ZIGZAG[k]] !== 0) this.correct(values, at + ZIGZAG[k], bit)
    this.run--
  }

  /** A set bit moves the coefficient away from zero, unless the bit is there already. */
  private correct(values: Int16Array, i: number, bit: number): void {
    if (this.bits.take(1) === 1 && (values[i] & bit) === 0) values[i] += values[i] > 0 ? bit : -bit
  }

  private runLength(size: number): number {
    return (1 << size) + (size > 0 ? this.bits.take(size) : 0)
  }

  private tooMany() {
    return this.bits.fault('E_JPEG_CODE', `coefficients up to ${this.scan.last}`, 'more')
  }
}

/** Transforms every block that has samples of the picture. */
export function transformAll({ components }: Frame, coefficients: AllCoefficients, planes: Planes): void {
  const block = new Int32Array(64)
  for (const component of components) {
    const { blocksX, blocksY, storedX } = component
    const { values, top } = coefficients.get(component) as Coefficients
    const plane = planes.get(component) as Uint8ClampedArray
    const quant = component.quant as Uint16Array
    const stride = storedX * 8
    for (let row = 0; row < blocksY; row++)
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
        inverseDct(block, ac, plane, row * 8 * stride + column * 8, stride)
      }
  }
}
