// Writes a safetensors file whose tensors are not known beforehand: room for the header is left at the front, each tensor
// is appended as it is made, and the header, padded with spaces, is written last. Every tensor must begin at a multiple
// of its element size (torch refuses to view others), so the order in the file is
//   | header, spaces | F32 ... F32 | I64, F64 | an F32 of odd length | U8 |
// F32 tensors are written at once; of those with an odd number of elements the first of each pair waits for the second.
// The few wide and narrow ones wait for the end. Format: header.ts.
import { quote } from '../../config/quote.ts'
import { SailError } from '../../errors.ts'
import { sizeOf, type Tensor } from '../../tensor.ts'
import type { ByteSink } from '../byte-sink.ts'

export interface Appender {
  /** @throws SailError E_SAFETENSORS_DECLARE for a name that is there already; what the sink throws */
  add(name: string, tensor: Tensor): Promise<void>
  /** Writes what waits and the header, and closes the sink. @throws SailError E_SAFETENSORS_ROOM; what the sink throws */
  finish(metadata: ReadonlyMap<string, string>): Promise<void>
}

/** Bytes of header that a tensor takes at most besides its name: dtype, 8 sizes, offsets, quotes. */
const entryRoom = 220

/** Header bytes to leave for these names and metadata. */
export function headerRoom(names: Iterable<string>, metadata: ReadonlyMap<string, string>): number {
  let room = JSON.stringify(Object.fromEntries(metadata)).length * 3 + 64
  for (const name of names) room += name.length * 3 + entryRoom
  return room
}

/** @param room bytes to leave for the header, see `headerRoom` */
export function appendSafetensors(sink: ByteSink, room: number): Appender {
  const dataBegin = Math.ceil((8 + room) / 8) * 8
  const entries = new Map<string, { dtype: string; shape: readonly number[]; data_offsets: [number, number] }>()
  const wide: [string, Tensor][] = []
  const narrow: [string, Tensor][] = []
  let odd: [string, Tensor] | null = null
  let end = 0

  async function write([name, { dtype, shape, data }]: readonly [string, Tensor]): Promise<void> {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    entries.set(name, { dtype, shape, data_offsets: [end, end + bytes.length] })
    await sink.write(bytes, dataBegin + end)
    end += bytes.length
  }

  return {
    async add(name, tensor) {
      const known = entries.has(name) || [...wide, ...narrow, ...(odd === null ? [] : [odd])].some(([n]) => n === name)
      if (known) throw fault('DECLARE', sink.name, name, 'each tensor once', 'it again')
      if (tensor.dtype === 'U8') narrow.push([name, tensor])
      else if (tensor.dtype !== 'F32') wide.push([name, tensor])
      else if (sizeOf(tensor.shape) % 2 === 0) await write([name, tensor])
      else if (odd === null) odd = [name, tensor]
      else {
        const first = odd
        odd = null
        await write(first)
        await write([name, tensor])
      }
    },
    async finish(metadata) {
      for (const each of [...wide, ...(odd === null ? [] : [odd]), ...narrow]) await write(each)
      const all = { __metadata__: Object.fromEntries(metadata), ...Object.fromEntries(entries) }
      const json = new TextEncoder().encode(JSON.stringify(all))
      const header = new Uint8Array(dataBegin).fill(0x20)
      if (8 + json.length > dataBegin)
        throw fault('ROOM', sink.name, 'header', `at most ${dataBegin - 8} bytes`, `${json.length}`)
      new DataView(header.buffer).setBigUint64(0, BigInt(dataBegin - 8), true)
      header.set(json, 8)
      await sink.write(header, 0)
      await sink.close()
    },
  }
}

function fault(code: string, file: string, name: string, expected: string, found: string): SailError {
  return new SailError(`E_SAFETENSORS_${code}`, { file, place: `tensor ${quote(name)}`, expected, found })
}
