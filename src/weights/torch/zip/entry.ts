// What is known of a file inside a zip, and the shape of an error about it.
import { SailError } from '../../../errors.ts'

export interface ZipEntry {
  readonly name: string
  /** First byte of the data in the zip, and the byte after the last. */
  readonly begin: number
  readonly end: number
  readonly crc: number
}

/** An entry as the central directory tells it: where its local header is, not yet where its data are. */
export interface DirectoryEntry {
  readonly name: string
  readonly nameBytes: Uint8Array
  readonly flags: number
  readonly crc: number
  readonly size: number
  readonly headerAt: number
}

/** Flag bit 3: the local header was written before the size and CRC were known, and has 0 for them. */
export const sizesFollow = 8

export type Refuse = (code: string, place: string, expected: string, found: string, hint?: string) => SailError

/** Makes the errors of one file: `refuse('CRC', ..)` is E_ZIP_CRC. */
export function refuser(file: string, subject: 'ZIP' | 'TORCH'): Refuse {
  return (code, place, expected, found, hint) =>
    new SailError(`E_${subject}_${code}`, { file, place, expected, found, ...(hint === undefined ? {} : { hint }) })
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** A u64 as a number; what a number cannot hold becomes Infinity, which is past the end of every file. */
export function u64(view: DataView, at: number): number {
  const value = view.getBigUint64(at, true)
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.POSITIVE_INFINITY : Number(value)
}
