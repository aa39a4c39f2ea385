// A PNG file is an 8-byte signature and then chunks:   | length u32 | type, 4 letters | data | CRC-32 of type and data |
// Source: W3C PNG specification, clause 5.
import { SailError } from '../../errors.ts'
import { crc32 } from './crc32.ts'

export interface Chunk {
  readonly type: string
  readonly data: Uint8Array
  /** Byte of the file where it starts. */
  readonly at: number
  /** Type and byte, for messages. */
  readonly place: string
}

const SIGNATURE = 8

export class ChunkStream {
  private readonly bytes: Uint8Array
  private readonly view: DataView
  private readonly file: string
  private at = SIGNATURE

  constructor(bytes: Uint8Array, file: string) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.file = file
  }

  /** The next chunk, null at the end of the file. @throws SailError E_PNG_CHUNK, E_PNG_TRUNCATED */
  next(): Chunk | null {
    const { bytes, at } = this
    if (bytes.length - at < 8) return null
    const length = this.view.getUint32(at)
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8))
    const place = `${type} at byte ${at}`
    if (!/^[A-Za-z]{4}$/.test(type))
      throw this.fault('E_PNG_CHUNK', `chunk at byte ${at}`, 'a type of 4 letters', JSON.stringify(type))
    const left = bytes.length - at - 8
    if (length > left) throw this.fault('E_PNG_TRUNCATED', place, `${length} bytes`, `${left}`)
    this.at += 12 + length
    return { type, data: bytes.subarray(at + 8, at + 8 + length), at, place }
  }

  /** @throws SailError E_PNG_CRC, E_PNG_TRUNCATED when the CRC itself is missing */
  verify({ data, at, place }: Chunk): void {
    const end = at + 8 + data.length
    if (this.bytes.length < end + 4) throw this.fault('E_PNG_TRUNCATED', place, 'a CRC', 'the end of the file')
    const stored = this.view.getUint32(end)
    const made = crc32(this.bytes.subarray(at + 4, end))
    if (stored !== made) throw this.fault('E_PNG_CRC', place, hex(made), hex(stored))
  }

  fault(code: `E_${string}`, place: string, expected: string, found: string): SailError {
    return new SailError(code, {
      file: this.file,
      place,
      expected,
      found,
      hint: 'the file is damaged; fetch or save it again',
    })
  }
}

function hex(n: number): string {
  return `0x${n.toString(16).padStart(8, '0')}`
}
