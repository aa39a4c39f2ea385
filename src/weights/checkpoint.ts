// A checkpoint: the tensors of one safetensors file, or of several with an index, behind one name table. Opening reads
// headers only; data are read when asked for, in ranges of rows. It is the WeightSource that backends load from.
import { listed, quote } from '../config/quote.ts'
import { SailError } from '../errors.ts'
import type { ByteSource } from './byte-source.ts'
import { type Folder, readWhole } from './folder.ts'
import { type FloatDtype, isFloatDtype } from './formats/convert.ts'
import type { SafetensorsDtype } from './safetensors/dtypes.ts'
import { readHeader, type SafetensorsHeader } from './safetensors/header.ts'
import { readRows } from './safetensors/read.ts'
import { checkIndex, parseIndex } from './shard-index.ts'

interface CheckpointTensor<D extends SafetensorsDtype = FloatDtype> {
  readonly dtype: D
  readonly shape: readonly number[]
  readonly byteLength: number
  /** Name of the file in the folder. */
  readonly file: string
}

export interface Checkpoint {
  /** The tensors of float dtypes, which is what weights are. */
  readonly tensors: ReadonlyMap<string, CheckpointTensor>
  /** All other tensors: nothing here reads them. */
  readonly others: ReadonlyMap<string, CheckpointTensor<SafetensorsDtype>>
  readonly files: readonly { readonly name: string; readonly byteLength: number }[]
  /**
   * Raw bytes of rows [from, to) of a tensor, all by default.
   * @throws SailError E_WEIGHTS_NO_TENSOR, E_SAFETENSORS_ROWS; the source's own errors
   */
  read(name: string, from?: number, to?: number, signal?: AbortSignal): Promise<Uint8Array>
  close(): Promise<void>
}

const single = 'model.safetensors'
const index = 'model.safetensors.index.json'

/**
 * Opens `model.safetensors`, or the shards of `model.safetensors.index.json`.
 * @throws SailError E_WEIGHTS_NONE, E_WEIGHTS_TORCH_BIN, E_INDEX_*, E_SAFETENSORS_*; the folder's own errors
 */
export async function openCheckpoint(folder: Folder, signal?: AbortSignal): Promise<Checkpoint> {
  const shards = new Map<string, { source: ByteSource; header: SafetensorsHeader }>()
  const close = async (): Promise<void> => {
    for (const { source } of shards.values()) await source.close()
  }
  try {
    if (await folder.has(single)) await openShard(folder, single, shards, signal)
    else if (await folder.has(index)) await openShards(folder, shards, signal)
    else throw await nothingThere(folder)
  } catch (error) {
    await close()
    throw error
  }
  return join(folder.name, shards, close)
}

type Shards = Map<string, { source: ByteSource; header: SafetensorsHeader }>

async function openShard(folder: Folder, name: string, shards: Shards, signal?: AbortSignal): Promise<void> {
  const source = await folder.open(name, signal)
  try {
    shards.set(name, { source, header: await readHeader(source, signal === undefined ? {} : { signal }) })
  } catch (error) {
    await source.close()
    throw error
  }
}

async function openShards(folder: Folder, shards: Shards, signal?: AbortSignal): Promise<void> {
  const file = `${folder.name}/${index}`
  const map = parseIndex(file, await readWhole(folder, index, 25_000_000, signal))
  for (const name of [...new Set(map.values())].sort()) {
    try {
      await openShard(folder, name, shards, signal)
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
  checkIndex(file, map, new Map([...shards].map(([name, { header }]) => [name, header])))
}

function join(folder: string, shards: Shards, close: () => Promise<void>): Checkpoint {
  const tensors = new Map<string, CheckpointTensor>()
  const others = new Map<string, CheckpointTensor<SafetensorsDtype>>()
  for (const [file, { header }] of shards) {
    for (const [name, { dtype, shape, begin, end }] of header.tensors) {
      if (isFloatDtype(dtype)) tensors.set(name, { dtype, shape, byteLength: end - begin, file })
      else others.set(name, { dtype, shape, byteLength: end - begin, file })
    }
  }
  return {
    tensors,
    others,
    files: [...shards].map(([name, { source }]) => ({ name, byteLength: source.byteLength })),
    async read(name, from, to, signal) {
      const shard = shards.get(tensors.get(name)?.file ?? '')
      if (shard !== undefined) return readRows(shard.source, shard.header, name, from, to, signal)
      throw new SailError('E_WEIGHTS_NO_TENSOR', { file: folder, expected: `a tensor ${quote(name)}`, found: 'none' })
    },
    close,
  }
}

const toSafetensors =
  `convert it in that folder with: python -c "import glob, torch; from safetensors.torch import save_file; w = {}; ` +
  `[w.update(torch.load(f, map_location='cpu', weights_only=True)) for f in sorted(glob.glob('pytorch_model*.bin'))]; ` +
  `save_file({k: v.clone() for k, v in w.items()}, 'model.safetensors')"`

async function nothingThere(folder: Folder): Promise<SailError> {
  const names = await folder.names()
  const torch =
    names === null ? await probe(folder, ['pytorch_model.bin', 'pytorch_model.bin.index.json']) : names.filter(isTorch)
  const expected = `${single} or ${index}`
  if (torch.length > 0) {
    const found = `${listed(
      torch.map((n) => quote(n)),
      4,
    )}: torch files, which cannot be read yet`
    return new SailError('E_WEIGHTS_TORCH_BIN', { file: folder.name, expected, found, hint: toSafetensors })
  }
  const found =
    names === null
      ? 'neither'
      : listed(
          names.map((n) => quote(n)),
          8,
        ) || 'an empty folder'
  return new SailError('E_WEIGHTS_NONE', {
    file: folder.name,
    expected,
    found,
    hint: 'give the folder of a checkpoint',
  })
}

function isTorch(name: string): boolean {
  return /^pytorch_model.*\.bin$/.test(name)
}

async function probe(folder: Folder, names: readonly string[]): Promise<string[]> {
  const present: string[] = []
  for (const name of names) if (await folder.has(name)) present.push(name)
  return present
}
