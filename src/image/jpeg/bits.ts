// The entropy-coded bytes of one scan as a row of bits. In the file a data byte FF is followed by 00, and RST0..RST7 mark
// the places where decoding can start anew. Both are taken out first, so that reading is one unaligned 32-bit load: `p`
// counts bits, and a load at byte p >> 3 shifted by p & 7 has 25 good bits or more. Past the end come zeros; whoever reads
// calls `check` once a block, and a position past the end means that the data stopped too early.
//   file: 12 FF 00 34 FF D0 56     kept: 12 FF 34 | 56, two restart intervals
import { SailError } from '../../errors.ts'

/** Zero bytes behind the data: more than the bits of one block, 64 codes of 16 bits with 15 extra bits each. */
const PADDING = 512

export class Bits {
  /** Position in bits. */
  p = 0
  readonly view: DataView
  private end = 0
  private interval = 0
  private readonly ends: number[] = []
  private readonly file: string
  private readonly at: number

  /**
   * @param from, to the entropy-coded bytes of the scan   @param intervals how many restart intervals it must have
   * @throws SailError E_JPEG_RESTART when the restart markers are not exactly those
   */
  constructor(bytes: Uint8Array, from: number, to: number, intervals: number, file: string) {
    this.file = file
    this.at = from
    const out = new Uint8Array(to - from + PADDING)
    let n = 0
    for (let p = from; p < to; ) {
      const found = bytes.indexOf(0xff, p)
      const q = found === -1 || found > to ? to : found
      out.set(bytes.subarray(p, q), n)
      n += q - p
      p = q
      while (p < to && bytes[p] === 0xff) p++
      if (p >= to) break
      if (bytes[p] === 0) out[n++] = 0xff
      else if ((bytes[p] & 7) === (this.ends.length & 7)) this.ends.push(n * 8)
      else throw this.fault('E_JPEG_RESTART', `RST${this.ends.length & 7}`, `RST${bytes[p] & 7}`, p - 1)
      p++
    }
    this.ends.push(n * 8)
    if (this.ends.length !== intervals)
      throw this.fault('E_JPEG_RESTART', `${intervals - 1} restart markers`, `${this.ends.length - 1}`, from)
    this.view = new DataView(out.buffer)
    this.end = this.ends[0]
  }

  /** Go to the next restart interval. */
  restart(): void {
    this.p = this.end
    this.end = this.ends[++this.interval]
  }

  /** @throws SailError E_JPEG_TRUNCATED when more bits were read than there are */
  check(): void {
    if (this.p > this.end) throw this.fault('E_JPEG_TRUNCATED', 'more data', 'its end', this.at)
  }

  /** The next 32 bits, of which at least 25 are good. */
  word(): number {
    return this.view.getInt32(this.p >>> 3) << (this.p & 7)
  }

  /** `size` bits, 1 to 16. */
  take(size: number): number {
    const value = this.word() >>> (32 - size)
    this.p += size
    return value
  }

  fault(code: `E_${string}`, expected: string, found: string, at: number = this.at): SailError {
    const place = `entropy-coded data at byte ${at}`
    return new SailError(code, { file: this.file, place, expected, found, hint: 'the file is damaged; fetch it again' })
  }
}
