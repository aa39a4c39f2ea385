// Changes to bytes that know nothing of the format: bits and bytes set, stretches removed, doubled, exchanged or put in
// from another file, the end cut off, and integers of every width overwritten with the values at which parsers break.
import type { Random } from './random.ts'

export type Bytes = Uint8Array<ArrayBufferLike>

/** 1 to 4 changes. @param others files from which stretches are taken */
export function changeBytes(bytes: Bytes, random: Random, others: readonly Bytes[]): Bytes {
  let out: Bytes = bytes.slice()
  for (let n = 1 + random.below(1 + random.below(4)); n > 0; n--) {
    if (out.length === 0) return random.bytes(1 + random.below(16))
    out = random.pick(changes)(out, random, others)
  }
  return out
}

type Change = (bytes: Bytes, random: Random, others: readonly Bytes[]) => Bytes

const setBit: Change = (bytes, random) => {
  bytes[random.below(bytes.length)] ^= 1 << random.below(8)
  return bytes
}

const setByte: Change = (bytes, random) => {
  bytes[random.below(bytes.length)] = random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)])
  return bytes
}

const setInteger: Change = (bytes, random) => {
  const width = random.pick([2, 4, 8])
  if (bytes.length < width) return bytes
  const at = random.below(bytes.length - width + 1)
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, width)
  const little = random.below(2) === 0
  const most = (1n << BigInt(8 * width)) - 1n
  const old =
    width === 2 ? view.getUint16(0, little) : width === 4 ? view.getUint32(0, little) : view.getBigUint64(0, little)
  const near = BigInt(old) + BigInt(random.below(9) - 4)
  const value = random.pick([
    near,
    0n,
    1n,
    most,
    most >> 1n,
    (most >> 1n) + 1n,
    BigInt(bytes.length),
    1n << 31n,
    1n << 53n,
  ])
  if (width === 2) view.setUint16(0, Number(BigInt.asUintN(16, value)), little)
  else if (width === 4) view.setUint32(0, Number(BigInt.asUintN(32, value)), little)
  else view.setBigUint64(0, value, little)
  return bytes
}

const stretch = (bytes: Bytes, random: Random): [number, number] => {
  const at = random.below(bytes.length)
  return [at, Math.min(bytes.length, at + 1 + random.below(random.pick([4, 16, 256])))]
}

const remove: Change = (bytes, random) => {
  const [from, to] = stretch(bytes, random)
  return concat(bytes.subarray(0, from), bytes.subarray(to))
}

const double: Change = (bytes, random) => {
  const [from, to] = stretch(bytes, random)
  return concat(bytes.subarray(0, to), bytes.subarray(from))
}

const exchange: Change = (bytes, random) => {
  const [from, to] = stretch(bytes, random)
  const other = random.below(bytes.length - (to - from) + 1)
  const kept = bytes.slice(from, to)
  bytes.copyWithin(from, other, other + kept.length)
  bytes.set(kept, other)
  return bytes
}

const insert: Change = (bytes, random) => {
  const at = random.below(bytes.length + 1)
  return concat(bytes.subarray(0, at), random.bytes(1 + random.below(random.pick([2, 8, 64]))), bytes.subarray(at))
}

const truncate: Change = (bytes, random) => bytes.slice(0, random.below(bytes.length + 1))

const splice: Change = (bytes, random, others) => {
  const other = random.pick(others)
  return concat(bytes.subarray(0, random.below(bytes.length + 1)), other.subarray(random.below(other.length + 1)))
}

/** Single bits and bytes most often: they come furthest into a parser. */
const changes = [
  setBit,
  setBit,
  setByte,
  setByte,
  setInteger,
  setInteger,
  remove,
  double,
  exchange,
  insert,
  truncate,
  splice,
]

export function concat(...parts: readonly Bytes[]): Bytes {
  const all = new Uint8Array(parts.reduce((n, part) => n + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
