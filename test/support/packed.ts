// Packed folders in memory: made from a checkpoint, taken apart, changed, and put together again with sums that fit.
import { readFileSync } from 'node:fs'
import { type QuantizeOptions, quantizeIn } from '../../src/facade/quantize.ts'
import { nodeEnvironment } from '../../src/node/environment.ts'
import { memorySink } from '../../src/weights/byte-sink.ts'
import type { FolderSink } from '../../src/weights/folder-sink.ts'
import { PackedSum, sumOf } from '../../src/weights/formats/sum.ts'

export type Files = Map<string, Uint8Array>

/** A folder sink in memory; `files` is filled when it is closed, and stays empty when it is aborted. */
export function memoryFolder(): FolderSink & { readonly files: Files; readonly aborted: () => boolean } {
  const [files, open] = [new Map<string, Uint8Array>(), new Map<string, ReturnType<typeof memorySink>>()]
  let aborted = false
  return {
    name: 'out',
    files,
    aborted: () => aborted,
    async file(name) {
      const sink = memorySink(name)
      open.set(name, sink)
      return sink
    },
    async close() {
      for (const [name, sink] of open) files.set(name, sink.bytes()!)
    },
    async abort() {
      aborted = true
    },
  }
}

/** A checkpoint's folder, packed. */
export async function packedFiles(model: string, options: QuantizeOptions): Promise<Files> {
  const folder = memoryFolder()
  await quantizeIn(nodeEnvironment, model, folder, { threads: 1, ...options })
  return folder.files
}

/** As a source of Sail.load. */
export function blobs(files: Files): Map<string, Blob> {
  return new Map([...files].map(([name, bytes]) => [name, new Blob([bytes as BlobPart])]))
}

export function folderFiles(folder: string, names: readonly string[]): Files {
  return new Map(names.map((name) => [name, new Uint8Array(readFileSync(`${folder}/${name}`))]))
}

interface Header {
  readonly __metadata__: Record<string, string>
  readonly [tensor: string]: { readonly data_offsets: [number, number] } | Record<string, string>
}

/** Changes a packed file's metadata. */
export function withMetadata(file: Uint8Array, change: (metadata: Record<string, string>) => void): Uint8Array {
  const { header, data } = takeApart(file)
  change(header.__metadata__)
  const json = new TextEncoder().encode(JSON.stringify(header))
  const out = new Uint8Array(8 + json.length + data.length)
  new DataView(out.buffer).setBigUint64(0, BigInt(json.length), true)
  out.set(json, 8)
  out.set(data, 8 + json.length)
  return out
}

/** Changes the bytes of a part, and its sum with them unless `keepSum`. */
export function withPart(
  file: Uint8Array,
  part: string,
  change: (bytes: Uint8Array) => void,
  keepSum = false,
): Uint8Array {
  const { header, data } = takeApart(file)
  const [begin, end] = (header[part] as { data_offsets: [number, number] }).data_offsets
  change(data.subarray(begin, end))
  const sum = new PackedSum()
  sum.join(sumOf(data.slice(begin, end)), end - begin)
  return withMetadata(file, (metadata) => {
    const parts = JSON.parse(metadata.parts)
    if (!keepSum) parts[part].sum = sum.hex()
    metadata.parts = JSON.stringify(parts)
  })
}

/** Views: what is changed in `data` is changed in the file. */
function takeApart(file: Uint8Array): { header: Header; data: Uint8Array } {
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true))
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length))) as Header
  return { header, data: file.subarray(8 + length) }
}
