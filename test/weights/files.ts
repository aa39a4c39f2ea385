// Safetensors files for tests, made of literals: of a header text and data bytes, or of named tensors.
import { SailError } from '../../src/errors.ts'
import { bytesSource } from '../../src/weights/byte-source.ts'
import { blobFolder, type Folder } from '../../src/weights/folder.ts'
import { readHeader, type SafetensorsHeader } from '../../src/weights/safetensors/header.ts'

/** A file of a header, as text or bytes, and `dataLength` bytes 0, 1, 2, .. of data; `length` overrides the length field. */
export function fileOf(header: string | Uint8Array, dataLength = 0, length?: bigint): Uint8Array {
  const json = typeof header === 'string' ? new TextEncoder().encode(header) : header
  const file = new Uint8Array(8 + json.length + dataLength)
  new DataView(file.buffer).setBigUint64(0, length ?? BigInt(json.length), true)
  file.set(json, 8)
  for (let i = 0; i < dataLength; i++) file[8 + json.length + i] = i
  return file
}

export interface TestTensor {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly data: Uint8Array
}

/** A well-formed file of tensors, in the order given, without padding. */
export function fileWith(
  tensors: Readonly<Record<string, TestTensor>>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array {
  let at = 0
  const header: Record<string, unknown> = metadata === undefined ? {} : { __metadata__: metadata }
  for (const [name, { dtype, shape, data }] of Object.entries(tensors)) {
    header[name] = { dtype, shape, data_offsets: [at, at + data.length] }
    at += data.length
  }
  const file = fileOf(JSON.stringify(header), at)
  let place = file.length - at
  for (const { data } of Object.values(tensors)) {
    file.set(data, place)
    place += data.length
  }
  return file
}

/** Little-endian bytes of numbers. */
export function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}

export function headerOf(file: Uint8Array, name = 'x.safetensors'): Promise<SafetensorsHeader> {
  return readHeader(bytesSource(name, file))
}

/** The code of the SailError that `work` throws; 'accepted' when it throws none. Any other error is thrown on. */
export async function codeOf(work: () => unknown): Promise<string> {
  try {
    await work()
  } catch (error) {
    if (error instanceof SailError) return error.code
    throw error
  }
  return 'accepted'
}

/** A folder of these files. */
export const folderOf = (files: Readonly<Record<string, Uint8Array | string>>): Folder =>
  blobFolder(new Map(Object.entries(files).map(([name, content]) => [name, new Blob([content as BlobPart])])), 'm')
