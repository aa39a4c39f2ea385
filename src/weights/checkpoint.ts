// A checkpoint: the tensors of one file, or of several with an index, behind one name table; safetensors where there are
// any, else what torch.save wrote. Opening reads headers only; data are read when asked for, in ranges of rows. It is the
// WeightSource that backends load from.
import { listed, quote } from '../config/quote.ts'
import { SailError } from '../errors.ts'
import type { ByteSource } from './byte-source.ts'
import { type Folder, readWhole } from './folder.ts'
import { type FloatDtype, isFloatDtype } from './formats/convert.ts'
import type { FilePlace } from './formats/packed-weights.ts'
import { joinPacked, type PackedFolder } from './packed/join.ts'
import { openPacked } from './packed/open.ts'
import { checkConfig, checkSource } from './packed/origin.ts'
import type { SafetensorsDtype } from './safetensors/dtypes.ts'
import { openSafetensors, type Shard } from './shard.ts'
import { checkIndex, parseIndex } from './shard-index.ts'
import { openTorch } from './torch/open.ts'

interface CheckpointTensor<D extends SafetensorsDtype = FloatDtype> {
  readonly dtype: D
  readonly shape: readonly number[]
  readonly byteLength: number
  /** Name of the file in the folder. */
  readonly file: string
  /** The whole path or URL, for errors. */
  readonly path?: string
}

export interface Checkpoint {
  /** The tensors of float dtypes, which is what weights are. */
  readonly tensors: ReadonlyMap<string, CheckpointTensor>
  /** All other tensors: nothing here reads them. */
  readonly others: ReadonlyMap<string, CheckpointTensor<SafetensorsDtype>>
  readonly files: readonly { readonly name: string; readonly byteLength: number }[]
  /**
   * Raw bytes of rows [from, to) of a tensor, all by default.
   * @throws SailError E_WEIGHTS_NO_TENSOR, E_SAFETENSORS_ROWS, E_TORCH_ROWS, E_ZIP_CRC; the source's own errors
   */
  read(name: string, from?: number, to?: number, signal?: AbortSignal): Promise<Uint8Array>
  /** Where a tensor's rows lie in an open file of this process; null where only `read` reaches them. */
  place(name: string): FilePlace | null
  /** A folder that `sail quantize` wrote: the same weights as the kernels want them. */
  readonly packed?: PackedFolder
  close(): Promise<void>
}

interface Layout {
  readonly single: string
  readonly index: string
  readonly open: (source: ByteSource, signal?: AbortSignal) => Promise<Shard>
}

/** In the order of preference: what was packed here, then Hugging Face's. */
const layouts: readonly [Layout, ...Layout[]] = [
  { single: 'packed.safetensors', index: 'packed.safetensors.index.json', open: openPacked },
  { single: 'model.safetensors', index: 'model.safetensors.index.json', open: openSafetensors },
  { single: 'pytorch_model.bin', index: 'pytorch_model.bin.index.json', open: openTorch },
]

const [, ...unpacked] = layouts

/**
 * Opens `packed.safetensors`, `model.safetensors` or `pytorch_model.bin`, or the shards of its index: the first that is
 * there. A packed folder must fit its config.json, and the checkpoint that it was made from if that is there too.
 * @throws SailError E_WEIGHTS_NONE, E_INDEX_*, E_SAFETENSORS_*, E_TORCH_*, E_ZIP_*, E_PACKED_*; the folder's own errors
 */
export async function openCheckpoint(folder: Folder, signal?: AbortSignal): Promise<Checkpoint> {
  const checkpoint = await openFirst(folder, layouts, signal)
  const { packed } = checkpoint
  if (packed === undefined) return checkpoint
  try {
    await checkConfig(folder, packed.head, signal)
    if (await holds(folder, unpacked, signal)) await checkOrigin(folder, packed.head, folder, signal)
    return checkpoint
  } catch (error) {
    await checkpoint.close()
    throw error
  }
}

/**
 * Holds a packed folder against the checkpoint that it should be made from.
 * @throws SailError E_PACKED_SOURCE when that is another; what opening and reading it throws
 */
export async function checkOrigin(
  packed: Folder,
  head: PackedFolder['head'],
  source: Folder,
  signal?: AbortSignal,
): Promise<void> {
  const original = await openFirst(source, unpacked, signal)
  try {
    await checkSource(packed.name, head, source, original, signal)
  } finally {
    await original.close()
  }
}

async function openFirst(folder: Folder, from: readonly Layout[], signal?: AbortSignal): Promise<Checkpoint> {
  const shards: Shards = new Map()
  const close = async (): Promise<void> => {
    for (const { source } of shards.values()) await source.close()
  }
  try {
    await openFiles(folder, from, shards, signal)
    return join(folder.name, shards, close)
  } catch (error) {
    await close()
    throw error
  }
}

type Shards = Map<string, Shard>

async function holds(folder: Folder, some: readonly Layout[], signal?: AbortSignal): Promise<boolean> {
  for (const { single, index } of some)
    if ((await folder.has(single, signal)) || (await folder.has(index, signal))) return true
  return false
}

async function openFiles(folder: Folder, from: readonly Layout[], shards: Shards, signal?: AbortSignal): Promise<void> {
  for (const layout of from) {
    if (await folder.has(layout.single, signal)) return openShard(folder, layout, layout.single, shards, signal)
    if (await folder.has(layout.index, signal)) return openShards(folder, layout, shards, signal)
  }
  throw await nothingThere(folder)
}

async function openShard(
  folder: Folder,
  { open }: Layout,
  name: string,
  shards: Shards,
  signal?: AbortSignal,
): Promise<void> {
  const source = await folder.open(name, signal)
  try {
    shards.set(name, await open(source, signal))
  } catch (error) {
    await source.close()
    throw error
  }
}

async function openShards(folder: Folder, layout: Layout, shards: Shards, signal?: AbortSignal): Promise<void> {
  const file = `${folder.name}/${layout.index}`
  const map = parseIndex(file, await readWhole(folder, layout.index, 25_000_000, signal))
  for (const name of [...new Set(map.values())].sort()) {
    try {
      await openShard(folder, layout, name, shards, signal)
    } catch (cause) {
      if (!(cause instanceof SailError && cause.code === 'E_FILE_MISSING')) throw cause
      const hint = 'fetch all files of the checkpoint'
      throw new SailError('E_INDEX_SHARD_MISSING', {
        file,
        expected: `the shard ${quote(name)}`,
        found: 'no such file',
        hint,
        cause,
      })
    }
  }
  checkIndex(file, map, shards)
}

function join(folder: string, shards: Shards, close: () => Promise<void>): Checkpoint {
  const files = [...shards].map(([name, { source }]) => ({ name, byteLength: source.byteLength }))
  const packed = joinPacked(folder, shards)
  if (packed !== null) return { ...packed, others: new Map(), files, place: () => null, close }
  const tensors = new Map<string, CheckpointTensor>()
  const others = new Map<string, CheckpointTensor<SafetensorsDtype>>()
  for (const [file, { tensors: held, source }] of shards) {
    for (const [name, { dtype, shape, byteLength }] of held) {
      const where = { shape, byteLength, file, path: source.name }
      if (isFloatDtype(dtype)) tensors.set(name, { dtype, ...where })
      else others.set(name, { dtype, ...where })
    }
  }
  return {
    tensors,
    others,
    files,
    async read(name, from, to, signal) {
      const shard = shards.get(tensors.get(name)?.file ?? '')
      if (shard !== undefined) return shard.read(name, from, to, signal)
      throw new SailError('E_WEIGHTS_NO_TENSOR', { file: folder, expected: `a tensor ${quote(name)}`, found: 'none' })
    },
    place: (name) => shards.get(tensors.get(name)?.file ?? '')?.place?.(name) ?? null,
    close,
  }
}

async function nothingThere(folder: Folder): Promise<SailError> {
  const expected = listed(layouts.flatMap(({ single, index }) => [single, index]))
  const names = (await folder.names())?.map((name) => quote(name))
  const found = names === undefined ? 'none of them' : listed(names, 8) || 'an empty folder'
  const hint = 'give the folder of a checkpoint'
  return new SailError('E_WEIGHTS_NONE', { file: folder.name, expected: `one of ${expected}`, found, hint })
}
