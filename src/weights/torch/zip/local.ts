// An entry's local header stands in front of its data and says once more what the central directory says:
//   | PK 03 04 | needs | flags | method | time | crc | stored size | size | name length, extra length | name | extra | data
// Where the data begin is known only from here: torch fills the extra fields so that they begin at a multiple of 64.
// A header that differs from the directory is refused: some readers take its word and see another file.
// Source: PKWARE APPNOTE.TXT 4.3.7.
import { quote } from '../../../config/quote.ts'
import type { ByteSource } from '../../byte-source.ts'
import { extraField } from './central.ts'
import { type DirectoryEntry, type Refuse, refuser, sizesFollow, u64, viewOf, type ZipEntry } from './entry.ts'

export const localBytes = 30

/**
 * @param limit the byte before which the entry must end: the next header, or the central directory
 * @throws SailError E_ZIP_LOCAL (differs from the directory), E_ZIP_OVERLAP (reaches beyond `limit`); the source's own
 */
export async function readLocal(
  source: ByteSource,
  entry: DirectoryEntry,
  limit: number,
  signal?: AbortSignal,
): Promise<ZipEntry> {
  const refuse = refuser(source.name, 'ZIP')
  const place = `local header of ${quote(entry.name)}`
  const nameEnd = localBytes + entry.nameBytes.length
  const head = await source.read(entry.headerAt, entry.headerAt + nameEnd, signal)
  const view = viewOf(head)
  const differs = (what: string): never => {
    throw refuse('LOCAL', place, `the ${what} of the central directory`, 'another')
  }
  if (view.getUint32(0, true) !== 0x04034b50) throw refuse('LOCAL', place, 'PK 03 04', 'other bytes')
  if (view.getUint16(6, true) !== entry.flags) differs('flags')
  if (view.getUint16(8, true) !== 0) differs('method')
  if (view.getUint16(26, true) !== entry.nameBytes.length) differs('name')
  if (entry.nameBytes.some((byte, i) => byte !== head[localBytes + i])) differs('name')

  const begin = entry.headerAt + nameEnd + view.getUint16(28, true)
  if (begin + entry.size > limit) {
    throw refuse(
      'OVERLAP',
      place,
      `an end before byte ${limit}, where other content begins`,
      `byte ${begin + entry.size}`,
    )
  }
  const [crc, stored, size] = [view.getUint32(14, true), view.getUint32(18, true), view.getUint32(22, true)]
  const unknown = (entry.flags & sizesFollow) !== 0 && crc === 0 && stored === 0 && size === 0
  if (!unknown) {
    if (crc !== entry.crc) differs('CRC')
    const ones = stored === 0xffffffff || size === 0xffffffff
    const extra = ones ? await source.read(entry.headerAt + nameEnd, begin, signal) : new Uint8Array(0)
    for (const found of ones ? wideSizes(refuse, place, extra, stored, size) : [stored, size]) {
      if (found !== entry.size) differs('size')
    }
  }
  return { name: entry.name, begin, end: begin + entry.size, crc: entry.crc }
}

function wideSizes(refuse: Refuse, place: string, extra: Uint8Array, stored: number, size: number): number[] {
  const wide = extraField(refuse, place, extra, 1)
  if (wide === null || wide.length < 16) throw refuse('ZIP64', place, 'a zip64 field of both sizes', 'none')
  const view = viewOf(wide)
  return [size === 0xffffffff ? u64(view, 0) : size, stored === 0xffffffff ? u64(view, 8) : stored]
}
