// One file of a checkpoint, whatever its format: which tensors it holds, and how their rows are read.
import type { ByteSource } from './byte-source.ts'
import type { FilePlace, PackedPart } from './formats/packed-weights.ts'
import type { PackedHead } from './packed/metadata.ts'
import type { SafetensorsDtype } from './safetensors/dtypes.ts'
import { readHeader, type SafetensorsHeader } from './safetensors/header.ts'
import { readRows } from './safetensors/read.ts'

export interface ShardTensor {
  readonly dtype: SafetensorsDtype
  readonly shape: readonly number[]
  readonly byteLength: number
}

export interface Shard {
  readonly source: ByteSource
  readonly tensors: ReadonlyMap<string, ShardTensor>
  /** Raw bytes of rows [from, to) of one of `tensors`, all by default. @throws SailError E_SAFETENSORS_ROWS, E_TORCH_ROWS, E_ZIP_CRC */
  read(name: string, from?: number, to?: number, signal?: AbortSignal): Promise<Uint8Array>
  /** Where a tensor's rows lie one after the other in an open file; null or absent where only `read` reaches them. */
  place?(name: string): FilePlace | null
  /** What a file that `sail quantize` wrote says of itself and of its tensors. */
  readonly packed?: { readonly head: PackedHead; readonly parts: ReadonlyMap<string, PackedPart> }
}

/** @throws SailError E_SAFETENSORS_*; the source's own errors */
export async function openSafetensors(source: ByteSource, signal?: AbortSignal): Promise<Shard> {
  return safetensorsShard(source, await readHeader(source, signal === undefined ? {} : { signal }))
}

export function safetensorsShard(source: ByteSource, header: SafetensorsHeader): Shard {
  const described = [...header.tensors].map(
    ([name, { dtype, shape, begin, end }]) => [name, { dtype, shape, byteLength: end - begin }] as const,
  )
  return {
    source,
    tensors: new Map(described),
    read: (name, from, to, signal) => readRows(source, header, name, from, to, signal),
    place(name) {
      const entry = header.tensors.get(name)
      const { descriptor } = source
      return entry === undefined || descriptor === undefined ? null : { descriptor, position: entry.begin }
    },
  }
}
