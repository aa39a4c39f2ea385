// Safetensors files that lie, by fault: at least three different files each, with the code of the error they must get.
import { fileOf } from './files.ts'

const text = (s: string): Uint8Array => new TextEncoder().encode(s)
/** A file with one entry, `{"w": <entry>}`, and n bytes of data. */
const one = (entry: string, n = 4): Uint8Array => fileOf(`{"w":${entry}}`, n)
/** A file with one F32 tensor of this shape text, offsets [0, n]. */
export const shaped = (shape: string, n = 4): Uint8Array =>
  one(`{"dtype":"F32","shape":${shape},"data_offsets":[0,${n}]}`, n)
const offset = (offsets: string, n = 4): Uint8Array => one(`{"dtype":"F32","shape":[1],"data_offsets":${offsets}}`, n)
const named = (name: string): Uint8Array => fileOf(`{"${name}":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}`, 4)
export const u8 = (name: string, from: number, to: number): string =>
  `"${name}":{"dtype":"U8","shape":[${to - from}],"data_offsets":[${from},${to}]}`
const meta = (value: string): Uint8Array => fileOf(`{"__metadata__":${value}}`)
const at = (bytes: readonly number[]): Uint8Array =>
  fileOf(new Uint8Array([...text('{"a":"'), ...bytes, ...text('"}')]))
const counted = (n: number, entry: string): Uint8Array =>
  fileOf(`{${Array.from({ length: n }, (_, i) => `"t${i}":${entry}`).join(',')}}`)
/** A header of n empty tensors. */
export const many = (n: number): string => `{${Array.from({ length: n }, (_, i) => u8(`t${i}`, 0, 0)).join(',')}}`

export const hostile: readonly (readonly [string, string, readonly Uint8Array[]])[] = [
  ['an empty file', 'E_SAFETENSORS_EMPTY', [new Uint8Array(0)]],
  ['a file of 1 to 7 bytes', 'E_SAFETENSORS_SHORT', [1, 2, 3, 4, 5, 6, 7].map((n) => new Uint8Array(n))],
  [
    'a header of 0 or 1 bytes',
    'E_SAFETENSORS_HEADER_SMALL',
    [fileOf('', 0), fileOf('{', 0), fileOf('{}', 9, 0n), fileOf('{}', 9, 1n)],
  ],
  [
    'a header over the cap',
    'E_SAFETENSORS_HEADER_LARGE',
    [25_000_001n, 100_000_001n, 1n << 31n, 1n << 40n].map((n) => fileOf('{}', 0, n)),
  ],
  [
    'a header length that a number cannot hold',
    'E_SAFETENSORS_HEADER_LARGE',
    [1n << 53n, (1n << 53n) + 1n, (1n << 63n) + 2n, (1n << 64n) - 1n].map((n) => fileOf('{}', 0, n)),
  ],
  [
    'a header past the end of the file',
    'E_SAFETENSORS_HEADER_TRUNCATED',
    [fileOf('{}', 0, 3n), fileOf('{}', 5, 8n), fileOf('{}', 0, 25_000_000n)],
  ],
  [
    'a header that does not begin with "{"',
    'E_SAFETENSORS_START',
    ['[]', ' {}', '12', 'null', '"{}"'].map((h) => fileOf(h)),
  ],
  ['a byte order mark', 'E_SAFETENSORS_START', ['{}', '{"a":1}', ' {}'].map((h) => fileOf(`\ufeff${h}`))],
  [
    'invalid UTF-8',
    'E_SAFETENSORS_UTF8',
    [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe2, 0x82]].map(at),
  ],
  [
    'invalid JSON',
    'E_SAFETENSORS_JSON',
    ['{"a"}', '{a:1}', '{"a":1,}', "{'a':1}", '{"a":01}', '{"a":NaN}', '{"a":', '{"a":[1 2]}', '{"a":"\n"}'].map((h) =>
      fileOf(h),
    ),
  ],
  [
    'bytes other than spaces after "}"',
    'E_SAFETENSORS_PADDING',
    ['{}\n', '{}  x', '{}{}', '{}\0', '{} \t', '{}\r'].map((h) => fileOf(h)),
  ],
  [
    'nesting beyond 4',
    'E_SAFETENSORS_DEPTH',
    ['{"a":[[[[1]]]]}', '{"a":{"b":{"c":{"d":{}}}}}', `{"a":${'['.repeat(1000)}`, '{"__metadata__":{"a":[[[]]]}}'].map(
      (h) => fileOf(h),
    ),
  ],
  [
    'a Git LFS pointer',
    'E_SAFETENSORS_LFS_POINTER',
    ['1', '2', '3'].map((v) =>
      text(`version https://git-lfs.github.com/spec/v${v}\noid sha256:${'0'.repeat(64)}\nsize 1\n`),
    ),
  ],
  [
    'an HTML page',
    'E_SAFETENSORS_HTML',
    [
      '<!DOCTYPE html><html></html>',
      '<html>',
      '\n\n  <!doctype HTML>',
      '<?xml version="1.0"?><Error/>',
      '<!doctype html>',
    ].map(text),
  ],
  [
    'a file of another format',
    'E_SAFETENSORS_ZIP',
    ['PK\u0003\u0004\u0000\u0000\b\b', 'PK\u0003\u0004', 'PK\u0003\u0004-----------'].map(text),
  ],

  [
    'a repeated tensor name',
    'E_SAFETENSORS_DUPLICATE',
    [
      `{${u8('a', 0, 2)},${u8('a', 2, 4)}}`,
      `{${u8('a', 0, 4)},${u8('a', 0, 4)}}`,
      `{${u8('a', 0, 2)},${u8('\\u0061', 2, 4)}}`,
    ].map((h) => fileOf(h, 4)),
  ],
  [
    'a repeated key',
    'E_SAFETENSORS_DUPLICATE',
    [
      one('{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}'),
      one('{"dtype":"F32","shape":[9],"shape":[1],"data_offsets":[0,4]}'),
      meta('{"a":"1","a":"2"}'),
      fileOf('{"__metadata__":{},"__metadata__":{}}'),
    ],
  ],
  [
    'metadata that are no strings',
    'E_SAFETENSORS_METADATA',
    ['null', '[]', '"a"', '1', '{"a":1}', '{"a":null}', '{"a":{}}', '{"a":"b","c":true}'].map(meta),
  ],
  ['an entry that is no object', 'E_SAFETENSORS_ENTRY', ['null', '[]', '"F32"', '1', 'true'].map((e) => one(e))],
  [
    'an unknown dtype',
    'E_SAFETENSORS_DTYPE',
    ['"F31"', '"f32"', '""', '"toString"', 'null', '32', '["F32"]', '"constructor"'].map((d) =>
      one(`{"dtype":${d},"shape":[1],"data_offsets":[0,4]}`),
    ),
  ],
  [
    'no dtype',
    'E_SAFETENSORS_DTYPE',
    [one('{"shape":[1],"data_offsets":[0,4]}'), one('{}'), one('{"Dtype":"F32","shape":[1],"data_offsets":[0,4]}')],
  ],
  [
    'no shape',
    'E_SAFETENSORS_SHAPE',
    [
      one('{"dtype":"F32","data_offsets":[0,4]}'),
      one('{"dtype":"F32","Shape":[1],"data_offsets":[0,4]}'),
      one('{"dtype":"F32"}'),
    ],
  ],
  [
    'a shape that is no list of sizes',
    'E_SAFETENSORS_SHAPE',
    ['null', '1', '"1"', '{}', '["1"]', '[null]', '[[1]]', '[true]'].map((s) => shaped(s)),
  ],
  [
    'a negative size',
    'E_SAFETENSORS_SHAPE',
    ['[-1]', '[1,-1]', '[-1,-1]', '[-0]', '[-9007199254740993]'].map((s) => shaped(s)),
  ],
  [
    'a fractional size',
    'E_SAFETENSORS_SHAPE',
    ['[1.5]', '[1.0]', '[0.1,10]', '[1.00000000000000000001]'].map((s) => shaped(s)),
  ],
  ['a size with an exponent', 'E_SAFETENSORS_SHAPE', ['[1e0]', '[1E0]', '[1e3]', '[10e-1]'].map((s) => shaped(s))],
  [
    'a size beyond 2^53 - 1',
    'E_SAFETENSORS_SHAPE',
    [
      '[9007199254740992]',
      '[9007199254740993]',
      '[18446744073709551615]',
      '[0,1e400]',
      '[99999999999999999999999]',
    ].map((s) => shaped(s)),
  ],
  ['a rank beyond 8', 'E_SAFETENSORS_RANK', [9, 10, 1000].map((n) => shaped(`[${Array(n).fill(1).join(',')}]`))],
  [
    'a product that overflows',
    'E_SAFETENSORS_OVERFLOW',
    [
      '[9007199254740991,2]',
      '[4503599627370496,4503599627370496]',
      '[9007199254740991]',
      '[3000000000,3000000000,3000000000]',
    ].map((s) => shaped(s)),
  ],
  [
    'a product that overflows before a 0',
    'E_SAFETENSORS_OVERFLOW',
    ['[9007199254740991,2,0]', '[4503599627370496,4503599627370496,0]', '[1,9007199254740991,3,0,5]'].map((s) =>
      shaped(s, 0),
    ),
  ],
  [
    'a size in parts of bytes',
    'E_SAFETENSORS_OVERFLOW',
    ['"F4","shape":[3]', '"F6_E2M3","shape":[2]', '"F4","shape":[1,1]'].map((d) =>
      one(`{"dtype":${d},"data_offsets":[0,4]}`),
    ),
  ],
  [
    'no offsets',
    'E_SAFETENSORS_OFFSETS',
    [
      one('{"dtype":"F32","shape":[1]}'),
      one('{"dtype":"F32","shape":[1],"offsets":[0,4]}'),
      one('{"dtype":"U8","shape":[0]}', 0),
    ],
  ],
  [
    'offsets that are not two',
    'E_SAFETENSORS_OFFSETS',
    ['[]', '[0]', '[0,4,4]', 'null', '4', '{"0":0,"1":4}', '"04"'].map((o) => offset(o)),
  ],
  ['negative offsets', 'E_SAFETENSORS_OFFSETS', ['[-4,0]', '[0,-4]', '[-1,3]', '[-0,4]'].map((o) => offset(o))],
  ['fractional offsets', 'E_SAFETENSORS_OFFSETS', ['[0.5,4.5]', '[0,4.0]', '[0.0,4]', '[0,4e0]'].map((o) => offset(o))],
  ['an end before the begin', 'E_SAFETENSORS_OFFSETS', ['[4,0]', '[8,4]', '[1,0]'].map((o) => offset(o))],
  [
    'offsets that differ from the size',
    'E_SAFETENSORS_SIZE',
    ['[0,3]', '[0,5]', '[0,0]', '[4,4]', '[0,9007199254740991]'].map((o) => offset(o)),
  ],
  ['data that begin after 0', 'E_SAFETENSORS_HOLE', [offset('[1,5]', 5), offset('[4,8]', 8), offset('[8,12]', 4)]],
  [
    'a hole',
    'E_SAFETENSORS_HOLE',
    [
      [2, 3],
      [2, 4],
      [1, 2],
    ].map(([a, b]) => fileOf(`{${u8('a', 0, a)},${u8('b', b, b + 2)}}`, b + 2)),
  ],
  [
    'an overlap',
    'E_SAFETENSORS_OVERLAP',
    [
      `{${u8('a', 0, 3)},${u8('b', 2, 4)}}`,
      `{${u8('a', 0, 4)},${u8('b', 0, 4)}}`,
      `{${u8('a', 0, 4)},${u8('b', 1, 2)}}`,
      `{${u8('b', 2, 2)},${u8('a', 0, 4)}}`,
    ].map((h) => fileOf(h, 4)),
  ],
  [
    'bytes after the last tensor',
    'E_SAFETENSORS_TRAILING',
    [fileOf('{}', 1), offset('[0,4]', 5), fileOf(`{${u8('a', 0, 2)},${u8('b', 2, 3)}}`, 64)],
  ],
  [
    'a truncated file',
    'E_SAFETENSORS_TRUNCATED',
    [offset('[0,4]', 3), offset('[0,4]', 0), fileOf(`{${u8('a', 0, 2)},${u8('b', 2, 3)}}`, 2)],
  ],
  [
    'an empty name',
    'E_SAFETENSORS_NAME',
    [named(''), fileOf(`{${u8('a', 0, 4)},${u8('', 4, 4)}}`, 4), fileOf('{"":null}')],
  ],
  [
    'a name over 1,024 bytes',
    'E_SAFETENSORS_NAME',
    ['x'.repeat(1025), 'é'.repeat(513), '🙂'.repeat(257), 'x'.repeat(1e6)].map(named),
  ],
  [
    'a name with control characters',
    'E_SAFETENSORS_NAME',
    ['a\\nb', '\\u0000', 'a\\u001b[31m', '\u007f', '\u0085'].map(named),
  ],
  ['a name with a lone surrogate', 'E_SAFETENSORS_JSON', ['\\ud800', 'a\\udfff', '\\udc00\\ud800'].map(named)],
  [
    'the name __proto__',
    'E_SAFETENSORS_NAME',
    [named('__proto__'), named('\\u005f_proto__'), fileOf(`{${u8('a', 0, 4)},${u8('__proto__', 4, 4)}}`, 4)],
  ],
  [
    'more than 100,000 tensors',
    'E_SAFETENSORS_COUNT',
    [counted(100_001, 'null'), counted(100_001, '{}'), counted(150_000, '0')],
  ],
]
