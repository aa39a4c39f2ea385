// Pickles for tests, written opcode by opcode: text stands for its bytes, arrays are bytes, so a pickle reads like the
// output of Python's pickletools.
import { type EntryFields, joined, zipOf } from './zip-bytes.ts'

export type Part = string | readonly number[] | Uint8Array

/** Bytes of parts, one byte a character of text. */
export function bytesOf(...parts: readonly Part[]): Uint8Array {
  return joined(
    ...parts.map((part) =>
      typeof part === 'string' ? Uint8Array.from(part, (c) => c.charCodeAt(0)) : Uint8Array.from(part),
    ),
  )
}

/** PROTO 2, the parts, STOP. */
export const pickle = (...parts: readonly Part[]): Uint8Array => bytesOf([0x80, 2], ...parts, '.')

/** BINUNICODE of ASCII text. */
export const str = (value: string): Uint8Array => bytesOf('X', u32(value.length), value)

export const u32 = (n: number): number[] => [n & 255, (n >>> 8) & 255, (n >>> 16) & 255, n >>> 24]

/** BININT, or LONG1 of 8 bytes where 32 bits are too few. */
export function int(n: number | bigint): Uint8Array {
  if (BigInt.asIntN(32, BigInt(n)) === BigInt(n)) return bytesOf('J', u32(Number(BigInt.asUintN(32, BigInt(n)))))
  return bytesOf(
    [0x8a, 8],
    Array.from({ length: 8 }, (_, i) => Number((BigInt.asUintN(64, BigInt(n)) >> BigInt(8 * i)) & 255n)),
  )
}

export const tuple = (...items: readonly Part[]): Uint8Array => bytesOf('(', ...items, 't')
export const ints = (...values: readonly (number | bigint)[]): Uint8Array => tuple(...values.map(int))
export const global = (module: string, name: string): string => `c${module}\n${name}\n`
export const ordered = bytesOf(global('collections', 'OrderedDict'), ')R')

export interface StorageFields {
  readonly type?: Part
  readonly key?: string
  readonly location?: string
  readonly count?: number | bigint
}

/** A storage of `count` elements, 6 of F32 by default. */
export function storage({
  type = global('torch', 'FloatStorage'),
  key = '0',
  location = 'cpu',
  count = 6,
}: StorageFields = {}): Uint8Array {
  return bytesOf(tuple(str('storage'), type, str(key), str(location), int(count)), 'Q')
}

export interface TensorFields extends StorageFields {
  readonly storage?: Part
  readonly offset?: Part
  readonly shape?: readonly (number | bigint)[]
  readonly strides?: readonly (number | bigint)[]
  readonly grad?: Part
  readonly hooks?: Part
  /** More arguments. */
  readonly more?: Part
}

/** A tensor (2, 3) that is all of its storage, unless said otherwise. */
export function tensor(fields: TensorFields = {}): Uint8Array {
  const {
    shape = [2, 3],
    strides = shape.map((_, i) => shape.slice(i + 1).reduce((n: bigint, d) => n * BigInt(d), 1n)),
  } = fields
  const { offset = int(0), grad = [0x89], hooks = ordered, more = '' } = fields
  const args = tuple(fields.storage ?? storage(fields), offset, ints(...shape), ints(...strides), grad, hooks, more)
  return bytesOf(global('torch._utils', '_rebuild_tensor_v2'), args, 'R')
}

/** A dict of named values. */
export const dict = (items: Readonly<Record<string, Part>>): Uint8Array =>
  bytesOf('}(', ...Object.entries(items).flatMap(([key, value]) => [str(key), value]), 'u')

export const f32 = (...values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer)

/** A torch file: this pickle, storages 0, 1, .. of these bytes. */
export function torchFile(
  pickled: Uint8Array,
  storages: readonly Uint8Array[] = [f32(0, 1, 2, 3, 4, 5)],
  more: readonly EntryFields[] = [],
): Uint8Array {
  return zipOf([
    { name: 'm/data.pkl', data: pickled },
    ...storages.map((data, i) => ({ name: `m/data/${i}`, data })),
    { name: 'm/version', data: bytesOf('3\n') },
    ...more,
  ])
}
