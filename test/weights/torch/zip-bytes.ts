// Zip files for tests, made of literals, with every field of every record at hand: a well-formed archive as torch
// writes it, unless `lies` says otherwise.
import { crc32 } from '../../../src/weights/torch/zip/crc32.ts'

export interface EntryFields {
  readonly name: string | Uint8Array
  readonly data: Uint8Array
  readonly flags?: number
  readonly method?: number
  readonly crc?: number
  readonly stored?: number
  readonly size?: number
  readonly headerAt?: number
  readonly disk?: number
  readonly extra?: Uint8Array
  readonly comment?: Uint8Array
  /** Fields of the local header that differ from the central ones. */
  readonly local?: Readonly<Partial<Record<'signature' | 'flags' | 'method' | 'crc' | 'stored' | 'size', number>>> & {
    readonly name?: string
    readonly extra?: Uint8Array
    /** Length of the extra field as it is claimed. */
    readonly extraLength?: number
  }
}

export interface EndFields {
  readonly count?: number
  readonly size?: number
  readonly begin?: number
  readonly disk?: number
  readonly here?: number
  readonly comment?: Uint8Array
  readonly commentLength?: number
  /** Bytes between the directory and the records at the end. */
  readonly gap?: number
  /** Fields of the zip64 records; none are written without it. */
  readonly wide?: Readonly<
    Partial<Record<'count' | 'here' | 'size' | 'begin' | 'at' | 'length', bigint> & Record<'disk' | 'disks', number>>
  >
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

/** Little-endian fields: [bytes, value] each. */
export function fields(...parts: readonly (readonly [1 | 2 | 4 | 8, number | bigint])[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((n, [size]) => n + size, 0))
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const [size, value] of parts) {
    if (size === 8) view.setBigUint64(at, BigInt.asUintN(64, BigInt(value)), true)
    else if (size === 4) view.setUint32(at, Number(value), true)
    else if (size === 2) view.setUint16(at, Number(value), true)
    else view.setUint8(at, Number(value))
    at += size
  }
  return bytes
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((n, part) => n + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** A zip64 extra field of these values. */
export const zip64Field = (...values: readonly (number | bigint)[]): Uint8Array =>
  joined(fields([2, 1], [2, values.length * 8]), fields(...values.map((value) => [8, value] as const)))

export function zipOf(entries: readonly EntryFields[], end: EndFields = {}): Uint8Array {
  const locals: Uint8Array[] = []
  const centrals: Uint8Array[] = []
  let at = 0
  for (const entry of entries) {
    const local = joined(localHeader(entry), entry.data)
    centrals.push(centralRecord(entry, at))
    locals.push(local)
    at += local.length
  }
  const central = joined(...centrals)
  return joined(...locals, central, new Uint8Array(end.gap ?? 0), endRecords(entries.length, central.length, at, end))
}

const nameOf = ({ name }: EntryFields): Uint8Array => (typeof name === 'string' ? text(name) : name)

function localHeader(entry: EntryFields): Uint8Array {
  const { data, flags = 0, local = {} } = entry
  const name = local.name === undefined ? nameOf(entry) : text(local.name)
  const extra = local.extra ?? new Uint8Array(0)
  const head = fields(
    [4, local.signature ?? 0x04034b50],
    [2, 0],
    [2, local.flags ?? flags],
    [2, local.method ?? 0],
    [4, 0],
    [4, local.crc ?? entry.crc ?? crc32(data)],
    [4, local.stored ?? data.length],
    [4, local.size ?? data.length],
    [2, name.length],
    [2, local.extraLength ?? extra.length],
  )
  return joined(head, name, extra)
}

function centralRecord(entry: EntryFields, at: number): Uint8Array {
  const { data, flags = 0, method = 0, extra = new Uint8Array(0), comment = new Uint8Array(0) } = entry
  const name = nameOf(entry)
  const head = fields(
    [4, 0x02014b50],
    [4, 0],
    [2, flags],
    [2, method],
    [4, 0],
    [4, entry.crc ?? crc32(data)],
    [4, entry.stored ?? data.length],
    [4, entry.size ?? data.length],
    [2, name.length],
    [2, extra.length],
    [2, comment.length],
    [2, entry.disk ?? 0],
    [2, 0],
    [4, 0],
    [4, entry.headerAt ?? at],
  )
  return joined(head, name, extra, comment)
}

function endRecords(count: number, size: number, begin: number, end: EndFields): Uint8Array {
  const { wide, comment = new Uint8Array(0) } = end
  const recordAt = begin + size + (end.gap ?? 0)
  const records =
    wide === undefined
      ? new Uint8Array(0)
      : fields(
          [4, 0x06064b50],
          [8, wide.length ?? 44],
          [4, 0],
          [4, wide.disk ?? 0],
          [4, 0],
          [8, wide.here ?? wide.count ?? count],
          [8, wide.count ?? count],
          [8, wide.size ?? size],
          [8, wide.begin ?? begin],
          [4, 0x07064b50],
          [4, 0],
          [8, wide.at ?? recordAt],
          [4, wide.disks ?? 1],
        )
  const last = fields(
    [4, 0x06054b50],
    [2, end.disk ?? 0],
    [2, 0],
    [2, end.here ?? end.count ?? count],
    [2, end.count ?? count],
    [4, end.size ?? size],
    [4, end.begin ?? begin],
    [2, end.commentLength ?? comment.length],
  )
  return joined(records, last, comment)
}
