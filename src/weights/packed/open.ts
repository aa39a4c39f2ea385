// One file that `sail quantize` wrote, as a shard of a checkpoint: its tensors are parts (formats/packed-weights.ts), bytes
// that go into memory as they are.
import type { ByteSource } from '../byte-source.ts'
import { readHeader } from '../safetensors/header.ts'
import { type Shard, safetensorsShard } from '../shard.ts'
import { readHead, readParts } from './metadata.ts'

/** @throws SailError E_SAFETENSORS_*, E_PACKED_*; the source's own errors */
export async function openPacked(source: ByteSource, signal?: AbortSignal): Promise<Shard> {
  const header = await readHeader(source, signal === undefined ? {} : { signal })
  const head = readHead(source.name, header.metadata)
  const shard = safetensorsShard(source, header)
  return { ...shard, packed: { head, parts: readParts(source.name, header.metadata, shard.tensors) } }
}
