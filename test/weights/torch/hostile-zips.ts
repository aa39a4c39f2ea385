// Zip files that lie, by fault: at least three different files each, with the code of the error they must get.
import { type EntryFields, fields, joined, zip64Field, zipOf } from './zip-bytes.ts'

const bytes = (n: number): Uint8Array => Uint8Array.from({ length: n }, (_, i) => i)
const a: EntryFields = { name: 'm/a', data: bytes(20) }
const b: EntryFields = { name: 'm/b', data: bytes(30) }
/** Zips of two entries, one of them changed. */
const changed = (...changes: readonly Partial<EntryFields>[]): Uint8Array[] =>
  changes.flatMap((change) => [zipOf([{ ...a, ...change }, b]), zipOf([a, { ...b, ...change }])])
const ends = (...changes: readonly Parameters<typeof zipOf>[1][]): Uint8Array[] =>
  changes.map((change) => zipOf([a, b], change))
const good = zipOf([a, b])
const wideGood = zipOf([a, b], { wide: {} })
const patched = (file: Uint8Array, at: number, ...values: readonly number[]): Uint8Array => {
  const copy = file.slice()
  copy.set(values, at < 0 ? file.length + at : at)
  return copy
}
const ones = 0xffffffff

export const hostileZips: readonly (readonly [string, string, readonly Uint8Array[]])[] = [
  [
    'a truncated file',
    'E_ZIP_END',
    [...[1, 5, 22, 40, 80].map((n) => good.slice(0, -n)), good.slice(0, 4), good.slice(0, 30), new Uint8Array(0)],
  ],
  ['bytes after the end', 'E_ZIP_END', [1, 4, 22, 100].map((n) => joined(good, new Uint8Array(n)))],
  [
    'a comment',
    'E_ZIP_END',
    [...ends({ comment: bytes(1) }, { comment: bytes(22) }, { commentLength: 1 }, { commentLength: 65535 })],
  ],
  [
    'several parts',
    'E_ZIP_DISKS',
    ends({ disk: 1 }, { here: 1 }, { wide: { disk: 1 } }, { wide: { disks: 2 } }, { wide: { here: 1n } }),
  ],
  ['an entry in another part', 'E_ZIP_DISKS', changed({ disk: 1 }, { disk: 65535 })],
  [
    'zip64 marks without zip64 records',
    'E_ZIP_ZIP64',
    ends({ count: 0xffff }, { size: ones }, { begin: ones }, { count: 0xffff, size: ones, begin: ones }),
  ],
  [
    'zip64 records that differ from the end record',
    'E_ZIP_ZIP64',
    ends(
      { wide: { count: 3n } },
      { wide: { size: 1n } },
      { wide: { begin: 1n } },
      { count: 1, wide: {} },
      { begin: 1, wide: {} },
    ),
  ],
  [
    'a zip64 record elsewhere',
    'E_ZIP_ZIP64',
    ends(
      { wide: { at: 0n } },
      { wide: { at: 1n << 40n } },
      { wide: { at: (1n << 64n) - 1n } },
      { wide: { length: 45n } },
      { wide: { length: 0n } },
    ),
  ],
  ['a damaged zip64 record', 'E_ZIP_ZIP64', [0, 1, 4].map((n) => patched(wideGood, n - 98, 0))],
  [
    'a directory that is not where the end says',
    'E_ZIP_DIRECTORY',
    ends(
      { begin: 0 },
      { begin: ones - 1 },
      { size: 0 },
      { size: 1_000_000 },
      { gap: 1 },
      { gap: 4, wide: {} },
      { size: ones, wide: { size: 1n << 62n } },
      { begin: ones, wide: { begin: (1n << 64n) - 1n } },
    ),
  ],
  [
    'more entries than fit in the directory',
    'E_ZIP_COUNT',
    ends(
      { count: 65_534 },
      { count: 3 },
      { count: 0xffff, wide: { count: 1n << 33n } },
      { count: 0xffff, wide: { count: (1n << 64n) - 1n } },
    ),
  ],
  [
    'fewer entries than the directory holds',
    'E_ZIP_RECORD',
    [...ends({ count: 1 }, { count: 0 }), zipOf([a, b, a], { count: 2 })],
  ],
  ['a record without its signature', 'E_ZIP_RECORD', [0, 1, 2, 3].map((n) => patched(good, 53 + 63 + n, 0))],
  ['a record longer than the directory', 'E_ZIP_RECORD', [28, 30, 32].map((n) => patched(good, 53 + 63 + 49 + n, 200))],
  [
    'broken extra fields in a record',
    'E_ZIP_RECORD',
    changed(
      { extra: bytes(3) },
      { extra: fields([2, 7], [2, 1]) },
      { extra: fields([2, 1], [2, 65535], [4, 0]), size: ones },
    ),
  ],
  [
    'an encrypted entry',
    'E_ZIP_ENCRYPTED',
    changed({ flags: 1 }, { flags: 0x41 }, { flags: 0x2000 }, { flags: 0x809 }),
  ],
  ['flags that torch does not write', 'E_ZIP_FLAGS', changed({ flags: 2 }, { flags: 0x20 }, { flags: 0x8000 })],
  [
    'a compressed entry',
    'E_ZIP_METHOD',
    changed({ method: 8 }, { method: 9 }, { method: 12 }, { method: 93 }, { method: 99 }),
  ],
  [
    'two sizes that differ',
    'E_ZIP_SIZES',
    changed({ stored: 0 }, { size: 0 }, { size: 1_000_000 }, { stored: ones - 1 }),
  ],
  [
    'zip64 sizes that are not there',
    'E_ZIP_ZIP64',
    changed(
      { size: ones },
      { stored: ones },
      { headerAt: ones },
      { size: ones, extra: zip64Field() },
      { size: ones, stored: ones, extra: zip64Field(20) },
      { size: ones, extra: fields([2, 1], [2, 4], [4, 20]) },
    ),
  ],
  [
    'zip64 fields twice',
    'E_ZIP_ZIP64',
    changed(
      { extra: joined(zip64Field(20), zip64Field(20)), size: ones },
      { extra: joined(zip64Field(), zip64Field(30)), headerAt: ones },
    ),
  ],
  [
    'zip64 sizes beyond the file',
    'E_ZIP_OVERLAP',
    [1000n, 1n << 40n, 1n << 53n, (1n << 64n) - 1n].flatMap((n) =>
      changed({ size: ones, stored: ones, extra: zip64Field(n, n) }, { headerAt: ones, extra: zip64Field(n) }),
    ),
  ],
  [
    'a name that leads out of the archive',
    'E_ZIP_NAME',
    [
      '../a',
      'm/../../a',
      '/etc/passwd',
      'm/..',
      './a',
      'm//a',
      'm/',
      'C:/a',
      'c:a',
      'm\\a',
      '..\\a',
      '\\\\host\\a',
    ].flatMap((name) => changed({ name })),
  ],
  [
    'a name that is no text',
    'E_ZIP_NAME',
    changed(
      { name: '' },
      { name: 'm/a\0.pkl' },
      { name: 'm/\u001b[2J' },
      { name: 'm/\n' },
      { name: Uint8Array.of(109, 47, 255) },
      { name: Uint8Array.of(0xed, 0xa0, 0x80) },
    ),
  ],
  ['a name over 1,024 bytes', 'E_ZIP_NAME', [1025, 4096, 65_000].flatMap((n) => changed({ name: 'x'.repeat(n) }))],
  [
    'a repeated name',
    'E_ZIP_DUPLICATE',
    [zipOf([a, a]), zipOf([a, b, { ...b, data: bytes(3) }]), zipOf([a, { ...a, headerAt: 0 }]), zipOf([b, a, b])],
  ],
  [
    'entries that share bytes',
    'E_ZIP_OVERLAP',
    [
      zipOf([a, { ...b, headerAt: 0 }]),
      zipOf([a, { ...b, headerAt: 10 }]),
      zipOf([{ ...a, size: 21, stored: 21 }, b]),
      zipOf([a, { ...b, size: 31, stored: 31 }]),
      zipOf([{ ...a, headerAt: 60 }, b]),
      zipOf([a, { ...b, headerAt: ones - 1 }]),
    ],
  ],
  [
    'extra fields that push the data over the next entry',
    'E_ZIP_OVERLAP',
    [1, 64, 65535].flatMap((extraLength) => changed({ local: { extraLength } })),
  ],
  [
    'a local header elsewhere',
    'E_ZIP_LOCAL',
    [
      zipOf([{ ...a, data: bytes(40), headerAt: 1, size: 3, stored: 3, local: { stored: 3, size: 3 } }, b]),
      zipOf([{ ...a, headerAt: 3, size: 5, stored: 5 }, b]),
      ...changed({ local: { signature: 0 } }),
    ],
  ],
  [
    'a local header with other flags',
    'E_ZIP_LOCAL',
    changed({ local: { flags: 1 } }, { local: { flags: 8 } }, { flags: 8, local: { flags: 0 } }),
  ],
  [
    'a local header with another method',
    'E_ZIP_LOCAL',
    changed({ local: { method: 8 } }, { local: { method: 1 } }, { local: { method: 99 } }),
  ],
  [
    'a local header with another name',
    'E_ZIP_LOCAL',
    changed(
      { local: { name: 'm/c' } },
      { local: { name: 'M/a' } },
      { local: { name: '../' } },
      { local: { name: '../../a' } },
    ),
  ],
  [
    'a local header with other sizes',
    'E_ZIP_LOCAL',
    changed(
      { local: { size: 0 } },
      { local: { stored: 0 } },
      { local: { size: 1 } },
      { flags: 8, local: { size: 7 } },
      { local: { size: ones, extra: zip64Field(7, 7) } },
    ),
  ],
  [
    'a local header with another CRC',
    'E_ZIP_LOCAL',
    changed({ local: { crc: 0 } }, { local: { crc: ones } }, { flags: 8, local: { crc: 1, size: 0, stored: 0 } }),
  ],
  [
    'a local header without the zip64 field that it points to',
    'E_ZIP_ZIP64',
    changed(
      { local: { size: ones } },
      { local: { stored: ones } },
      { local: { size: ones, stored: ones, extra: zip64Field(20) } },
    ),
  ],
]
