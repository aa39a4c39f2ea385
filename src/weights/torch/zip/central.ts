// The central directory of a zip: one record an entry, 46 bytes and then name, extra fields and comment.
//   | PK 01 02 | made by, needs | flags | method | time | crc | stored size | size | lengths | disk, kinds | header at | ..
// torch stores entries as they are, so that a tensor can be read in place: anything compressed or encrypted is refused.
// Names are never used as paths, but a name that could be one outside of the archive is refused all the same.
// Source: PKWARE APPNOTE.TXT 4.3.12.
import { quote } from '../../../config/quote.ts'
import { type DirectoryEntry, type Refuse, refuser, sizesFollow, u64, viewOf } from './entry.ts'

const fixedBytes = 46
const utf8Names = 0x800
const maxNameBytes = 1024

/**
 * The entries, in the order of the directory.
 * @throws SailError E_ZIP_RECORD, _ENCRYPTED, _FLAGS, _METHOD, _SIZES, _ZIP64, _DISKS, _NAME, _DUPLICATE
 */
export function parseCentral(file: string, bytes: Uint8Array, count: number): Map<string, DirectoryEntry> {
  const refuse = refuser(file, 'ZIP')
  const view = viewOf(bytes)
  const entries = new Map<string, DirectoryEntry>()
  let at = 0
  for (let i = 0; i < count; i++) {
    const place = `central directory, entry ${i}`
    if (at + fixedBytes > bytes.length || view.getUint32(at, true) !== 0x02014b50) {
      throw refuse('RECORD', place, 'a record that begins with PK 01 02', 'other bytes, or the end')
    }
    const next = at + fixedBytes + lengthAt(view, at + 28) + lengthAt(view, at + 30) + lengthAt(view, at + 32)
    if (next > bytes.length) throw refuse('RECORD', place, `${next - at} bytes`, `${bytes.length - at}`)
    const entry = readRecord(refuse, place, bytes.subarray(at, next))
    if (entries.has(entry.name)) throw refuse('DUPLICATE', place, 'each name once', `${quote(entry.name)} again`)
    entries.set(entry.name, entry)
    at = next
  }
  if (at !== bytes.length) {
    throw refuse('RECORD', 'central directory', `${count} entries in ${bytes.length} bytes`, `an end at ${at}`)
  }
  return entries
}

function lengthAt(view: DataView, at: number): number {
  return view.getUint16(at, true)
}

function readRecord(refuse: Refuse, place: string, record: Uint8Array): DirectoryEntry {
  const view = viewOf(record)
  const [flags, method, crc] = [view.getUint16(8, true), view.getUint16(10, true), view.getUint32(16, true)]
  if ((flags & 0x2041) !== 0) throw refuse('ENCRYPTED', place, 'an entry that anyone can read', 'an encrypted one')
  if ((flags & ~(sizesFollow | utf8Names)) !== 0)
    throw refuse('FLAGS', place, 'flags 0, 8 or 0x800', `0x${flags.toString(16)}`)
  if (method !== 0) {
    const hint =
      'torch stores entries uncompressed: unpack the zip and pack it with `zip -0`, or save it again with torch.save'
    throw refuse('METHOD', place, 'method 0, stored', `method ${method}${method === 8 ? ', deflate' : ''}`, hint)
  }
  const nameEnd = fixedBytes + lengthAt(view, 28)
  const extra = record.subarray(nameEnd, nameEnd + lengthAt(view, 30))
  const fields = {
    stored: view.getUint32(20, true),
    size: view.getUint32(24, true),
    headerAt: view.getUint32(42, true),
  }
  const wide = widen(refuse, place, fields, extra)
  if (wide.stored !== wide.size)
    throw refuse('SIZES', place, 'two equal sizes, as stored entries have', `${wide.stored} and ${wide.size}`)
  if (lengthAt(view, 34) !== 0) throw refuse('DISKS', place, 'a zip in one part', 'an entry in another part')
  const nameBytes = record.subarray(fixedBytes, nameEnd)
  return { name: readName(refuse, place, nameBytes), nameBytes, flags, crc, size: wide.size, headerAt: wide.headerAt }
}

interface Fields {
  readonly stored: number
  readonly size: number
  readonly headerAt: number
}

/** Extra field 1 (zip64) holds, as u64 and in this order, those of size, stored size and place that are all ones. */
function widen(refuse: Refuse, place: string, fields: Fields, extra: Uint8Array): Fields {
  const wide = extraField(refuse, place, extra, 1)
  let at = 0
  const take = (narrow: number): number => {
    if (narrow !== 0xffffffff) return narrow
    at += 8
    if (wide === null || wide.length < at)
      throw refuse('ZIP64', place, 'a zip64 field with the sizes it stands for', 'none')
    return u64(viewOf(wide), at - 8)
  }
  const size = take(fields.size)
  const stored = take(fields.stored)
  return { size, stored, headerAt: take(fields.headerAt) }
}

/** The extra field of a kind, null where there is none; each is | kind u16 | length u16 | bytes |. */
export function extraField(refuse: Refuse, place: string, extra: Uint8Array, kind: number): Uint8Array | null {
  const view = viewOf(extra)
  let found: Uint8Array | null = null
  for (let at = 0; at < extra.length; ) {
    const end = at + 4 <= extra.length ? at + 4 + view.getUint16(at + 2, true) : Number.POSITIVE_INFINITY
    if (end > extra.length)
      throw refuse('RECORD', `${place}, extra fields`, 'whole fields', `${extra.length - at} bytes at the end`)
    if (view.getUint16(at, true) === kind) {
      if (found !== null) throw refuse('ZIP64', `${place}, extra fields`, `one of kind ${kind}`, 'two')
      found = extra.subarray(at + 4, end)
    }
    at = end
  }
  return found
}

const outside = /^[A-Za-z]:|[\\\p{Cc}]/u

function readName(refuse: Refuse, place: string, bytes: Uint8Array): string {
  const expected = `a relative path of plain names in UTF-8, 1 .. ${maxNameBytes} bytes`
  if (bytes.length === 0 || bytes.length > maxNameBytes) throw refuse('NAME', place, expected, `${bytes.length} bytes`)
  let name: string
  try {
    name = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw refuse('NAME', place, expected, 'invalid UTF-8')
  }
  const isPlain = (part: string): boolean => part !== '' && part !== '.' && part !== '..'
  if (outside.test(name) || !name.split('/').every(isPlain)) throw refuse('NAME', place, expected, quote(name))
  return name
}
