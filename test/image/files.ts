// Image files for tests: committed ones, and PNG files put together chunk by chunk.
import { readFileSync } from 'node:fs'
import { deflateSync } from 'node:zlib'
import { crc32 } from '../../src/image/png/crc32.ts'
import { root } from '../support/golden.ts'

export function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(`${root}test/fixtures/image/${name}`))
}

export function chunk(type: string, data: Uint8Array | readonly number[], crc?: number): Uint8Array {
  const body = Uint8Array.from([...Buffer.from(type, 'latin1'), ...data])
  const out = Buffer.alloc(body.length + 8)
  out.writeUInt32BE(data.length, 0)
  out.set(body, 4)
  out.writeUInt32BE(crc ?? crc32(body), body.length + 4)
  return new Uint8Array(out)
}

export function header(width: number, height: number, depth: number, colour: number, interlace = 0): Uint8Array {
  const data = Buffer.alloc(13)
  data.writeUInt32BE(width, 0)
  data.writeUInt32BE(height, 4)
  data.set([depth, colour, 0, 0, interlace], 8)
  return chunk('IHDR', data)
}

/** IDAT that inflates to these bytes. */
export function idat(bytes: Uint8Array | readonly number[]): Uint8Array {
  return chunk('IDAT', deflateSync(Uint8Array.from(bytes)))
}

export function png(...chunks: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...chunks]))
}

/** A copy with some bytes replaced, `at` counted from `after` (a text in the file) on. */
export function patched(file: Uint8Array, after: string, at: number, bytes: readonly number[]): Uint8Array {
  const copy = Buffer.from(file)
  const found = copy.indexOf(Buffer.from(after, 'latin1'))
  if (found === -1) throw new Error(`no ${JSON.stringify(after)} in the file`)
  copy.set(bytes, found + at)
  return new Uint8Array(copy)
}
