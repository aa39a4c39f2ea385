// The files inside a zip of stored entries, each with the range of bytes where its data stand, so that they are read in
// place. Everything is checked before it is believed: the records at the end, the central directory, every local
// header, and that no two entries share a byte. No data are read, only some 100 bytes an entry.
import { quote } from '../../../config/quote.ts'
import type { ByteSource } from '../../byte-source.ts'
import { parseCentral } from './central.ts'
import { findDirectory } from './end-record.ts'
import { type DirectoryEntry, refuser, type ZipEntry } from './entry.ts'
import { localBytes, readLocal } from './local.ts'

/** How many local headers are asked for at once: over HTTP each is a request. */
const atOnce = 16

/** By name, in the order of the data. @throws SailError E_ZIP_*, one code a fault; the source's own errors */
export async function readZip(source: ByteSource, signal?: AbortSignal): Promise<ReadonlyMap<string, ZipEntry>> {
  const { begin, end, count } = await findDirectory(source, signal)
  const listed = [...parseCentral(source.name, await source.read(begin, end, signal), count).values()]
  listed.sort((a, b) => a.headerAt - b.headerAt)
  const limits = listed.map((_, i) => listed[i + 1]?.headerAt ?? begin)
  checkSpans(source.name, listed, limits)
  const entries = new Map<string, ZipEntry>()
  for (let first = 0; first < listed.length; first += atOnce) {
    const some = listed.slice(first, first + atOnce)
    const read = some.map((entry, i) => readLocal(source, entry, limits[first + i], signal))
    // All of them end before the first fault is thrown, so that none still reads from a source that is closed then.
    await Promise.allSettled(read)
    for (const entry of await Promise.all(read)) entries.set(entry.name, entry)
  }
  return entries
}

/** Header, name and data of each entry fit in front of the next one, even before its extra fields are known. */
function checkSpans(file: string, entries: readonly DirectoryEntry[], limits: readonly number[]): void {
  for (const [i, { name, nameBytes, headerAt, size }] of entries.entries()) {
    const least = headerAt + localBytes + nameBytes.length + size
    if (least <= limits[i]) continue
    const expected = `an end before byte ${limits[i]}, where other content begins`
    throw refuser(file, 'ZIP')('OVERLAP', `entry ${quote(name)}`, expected, `byte ${least}`)
  }
}
