// Where a zip's central directory is. The end of the file says it, in 22 bytes, and torch always writes zip64's records
// in front of them:
//   .. | central directory | zip64 end record, 56 bytes | zip64 locator, 20 bytes | end record, 22 bytes |
// Zip readers differ in where they look for the end record and whose word they take when the records differ, which is
// how one file shows two contents. So here nothing may stand between or after them, and all must say the same.
// Source: PKWARE APPNOTE.TXT 4.3.14 to 4.3.16.
import type { ByteSource } from '../../byte-source.ts'
import { type Refuse, refuser, u64, viewOf } from './entry.ts'

export interface Directory {
  readonly begin: number
  readonly end: number
  readonly count: number
}

const endBytes = 22
const locatorBytes = 20
const wideBytes = 56
const maxEntries = 100_100
const maxDirectoryBytes = 25_000_000
const again =
  'the file is not complete or was packed by another program: fetch it again, or save it again with torch.save'

/** @throws SailError E_ZIP_END, E_ZIP_DISKS, E_ZIP_ZIP64, E_ZIP_DIRECTORY, E_ZIP_COUNT; the source's own errors */
export async function findDirectory(source: ByteSource, signal?: AbortSignal): Promise<Directory> {
  const refuse = refuser(source.name, 'ZIP')
  const tailBytes = Math.min(source.byteLength, endBytes + locatorBytes + wideBytes)
  const tailBegin = source.byteLength - tailBytes
  const tail = viewOf(await source.read(tailBegin, source.byteLength, signal))
  const at = tailBytes - endBytes
  if (at < 0 || tail.getUint32(at, true) !== 0x06054b50 || tail.getUint16(at + 20, true) !== 0) {
    throw refuse('END', 'last 22 bytes', 'the end record of a zip, without a comment', 'other bytes', again)
  }
  const narrow = {
    count: tail.getUint16(at + 10, true),
    size: tail.getUint32(at + 12, true),
    begin: tail.getUint32(at + 16, true),
  }
  const disks = [
    tail.getUint16(at + 4, true),
    tail.getUint16(at + 6, true),
    tail.getUint16(at + 8, true) - narrow.count,
  ]
  if (disks.some((n) => n !== 0)) throw refuse('DISKS', 'end record', 'a zip in one part', 'one of several parts')
  const wide = readWide(refuse, tail, at - locatorBytes, tailBegin)
  if (wide === null && (narrow.count === 0xffff || narrow.size === 0xffffffff || narrow.begin === 0xffffffff)) {
    throw refuse('ZIP64', 'end record', 'zip64 records, to which it points', 'none')
  }
  if (wide !== null) checkSame(refuse, narrow, wide)
  const { count, size, begin } = wide ?? narrow
  const end = tailBegin + at - (wide === null ? 0 : locatorBytes + wideBytes)
  if (begin + size !== end) {
    const found = `${size} bytes at ${begin}`
    throw refuse('DIRECTORY', 'end record', `a central directory that ends at byte ${end}`, found, again)
  }
  if (count > maxEntries || size > maxDirectoryBytes || count * 46 > size) {
    const expected = `at most ${maxEntries} entries of 46 bytes or more, in at most ${maxDirectoryBytes} bytes`
    throw refuse('COUNT', 'end record', expected, `${count} entries in ${size} bytes`)
  }
  return { begin, end, count }
}

interface Extent {
  readonly count: number
  readonly size: number
  readonly begin: number
}

/** The zip64 end record, null where there is no locator. */
function readWide(refuse: Refuse, tail: DataView, at: number, tailBegin: number): Extent | null {
  if (at < 0 || tail.getUint32(at, true) !== 0x07064b50) return null
  const [disk, recordAt, disks] = [tail.getUint32(at + 4, true), u64(tail, at + 8), tail.getUint32(at + 16, true)]
  if (disk !== 0 || disks > 1) throw refuse('DISKS', 'zip64 locator', 'a zip in one part', 'one of several parts')
  const place = at - wideBytes
  if (place < 0 || recordAt !== tailBegin + place) {
    const expected = `the zip64 end record right before it, at byte ${tailBegin + place}`
    throw refuse('ZIP64', 'zip64 locator', expected, `byte ${recordAt}`)
  }
  if (tail.getUint32(place, true) !== 0x06064b50 || u64(tail, place + 4) !== wideBytes - 12) {
    throw refuse('ZIP64', 'zip64 end record', `its signature and a length of ${wideBytes - 12}`, 'other bytes')
  }
  const [here, count] = [u64(tail, place + 24), u64(tail, place + 32)]
  if (tail.getUint32(place + 16, true) !== 0 || tail.getUint32(place + 20, true) !== 0 || here !== count) {
    throw refuse('DISKS', 'zip64 end record', 'a zip in one part', 'one of several parts')
  }
  return { count, size: u64(tail, place + 40), begin: u64(tail, place + 48) }
}

/** A field of the end record is all ones ("see zip64") or what zip64 says. */
function checkSame(refuse: Refuse, narrow: Extent, wide: Extent): void {
  for (const [field, ones] of [
    ['count', 0xffff],
    ['size', 0xffffffff],
    ['begin', 0xffffffff],
  ] as const) {
    if (narrow[field] === ones || narrow[field] === wide[field]) continue
    const found = `${narrow[field]} and ${wide[field]}`
    throw refuse('ZIP64', `end record and zip64 end record, ${field}`, 'the same in both', found)
  }
}
