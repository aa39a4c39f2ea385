// The files of a packed folder as one checkpoint: `tensors` and `read` give the weights by the checkpoint's names, in the
// values that the kernels multiply with; `packed` gives the bytes as they are.
import { quote } from '../../config/quote.ts'
import { SailError } from '../../errors.ts'
import { type PackedPart, type PackedWeights, partKey } from '../formats/packed-weights.ts'
import type { Shard } from '../shard.ts'
import type { PackedHead } from './metadata.ts'
import { readRows, rowDtype } from './rows.ts'

export interface PackedFolder extends PackedWeights {
  readonly head: PackedHead
  /** The file that holds a part. */
  fileOf(part: string): string
}

/** null when these are no packed files. @throws SailError E_PACKED_MIXED */
export function joinPacked(folder: string, shards: ReadonlyMap<string, Shard>) {
  const heads = [...shards].flatMap(([file, { packed }]) => (packed === undefined ? [] : [{ file, ...packed }]))
  if (heads.length === 0) return null
  const [{ head }] = heads
  for (const other of heads) checkSame(`${folder}/${other.file}`, head, other.head)
  if (head.files !== shards.size) throw mixed(folder, 'files', `${head.files} files`, `${shards.size}`)
  const owners = new Map(heads.flatMap(({ file, parts }) => [...parts.keys()].map((key) => [key, file] as const)))
  const shardOf = (key: string): Shard => shards.get(owners.get(key)!)!
  const packed: PackedFolder = {
    head,
    weights: head.weights,
    fileOf: (key) => owners.get(key)!,
    parts: new Map(heads.flatMap(({ parts }) => [...parts])),
    read: (key, begin, end, signal) => shardOf(key).read(key, begin, end, signal),
    pathOf: (key) => shardOf(key).source.name,
    place: (key) => shardOf(key).place?.(key) ?? null,
  }
  const byName = new Map<string, PackedPart>()
  for (const part of packed.parts.values())
    if (part.layout === 'panels' || !byName.has(part.name)) byName.set(part.name, part)
  const tensors = [...byName].map(([name, part]) => {
    const key = partKey(part)
    const { byteLength } = shardOf(key).tensors.get(key)!
    return [name, { dtype: rowDtype(part), shape: part.shape, byteLength, file: owners.get(key)! }] as const
  })
  return {
    packed,
    tensors: new Map(tensors),
    async read(name: string, from = 0, to?: number, signal?: AbortSignal): Promise<Uint8Array> {
      const part = byName.get(name)
      const rows = part?.shape[0] ?? 0
      const end = to ?? rows
      if (part !== undefined && 0 <= from && from <= end && end <= rows)
        return readRows(packed, part, [from, end], signal)
      const expected = part === undefined ? 'a tensor of the model' : `a range within ${rows} rows`
      throw new SailError('E_PACKED_ROWS', { file: folder, place: quote(name), expected, found: `[${from}, ${end})` })
    },
  }
}

function checkSame(file: string, head: PackedHead, other: PackedHead): void {
  for (const key of ['weights', 'source', 'config', 'files'] as const)
    if (head[key] !== other[key]) throw mixed(file, key, `${head[key]}`, `${other[key]}`)
}

function mixed(file: string, key: string, expected: string, found: string): SailError {
  return new SailError('E_PACKED_MIXED', {
    file,
    place: `metadata, ${key}`,
    expected: expected.slice(0, 80),
    found: found.slice(0, 80),
    hint: 'these files were not written together: run sail quantize again',
  })
}
