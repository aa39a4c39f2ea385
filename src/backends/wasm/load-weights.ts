// From the checkpoint to packed place: a piece of some megabytes is read while the one before it is packed by the team;
// nothing is ever held twice. Matrices become panels in their shard's memory; tables and vectors are converted here.
// Each value is looked at once: NaN or Infinity is reported with the tensor's name and place.
import { SailError } from '../../errors.ts'
import { sizeOf } from '../../tensor.ts'
import { f32ToBf16Bits } from '../../weights/formats/bf16.ts'
import { bytesOf, toF32, viewAs } from '../../weights/formats/convert.ts'
import { panelBytes } from '../../weights/formats/packed.ts'
import type { LoadRequest, WeightDtype, WeightSource } from '../backend.ts'
import type { Pool } from './memory/pool.ts'
import type { PlacedWeights } from './plan/placed-weights.ts'
import type { PackedMatrix, PackedTable } from './plan/program.ts'
import type { StoredWeight } from './plan/stored-weights.ts'
import type { PackJob } from './team/messages.ts'
import type { Team } from './team/team.ts'

/** Bytes of the checkpoint that are read at once, at least eight rows. */
const PIECE = 8 * 2 ** 20

/** Dtypes as the packing kernels know them. */
export const dtypes = { F32: 0, BF16: 1, F16: 2, F64: 3 } as const satisfies Record<WeightDtype, PackJob['dtype']>

interface Loading {
  readonly request: LoadRequest
  readonly team: Team
  readonly pool: Pool
  readonly matrices: Map<string, PackedMatrix & { readonly shard: number }>
  readonly tables: Map<string, PackedTable & { readonly shard: number }>
  readonly vectors: Map<string, { readonly at: number; readonly shard: number }>
  readonly progress: (bytes: number) => void
}

/** @throws SailError E_BACKEND_WEIGHT, E_WEIGHTS_NOT_FINITE, E_MEMORY; signal.reason when aborted */
export async function loadWeights(
  request: LoadRequest,
  stored: readonly StoredWeight[],
  shardOf: (weight: StoredWeight) => number,
  team: Team,
  pool: Pool,
): Promise<PlacedWeights> {
  const sizes = stored.map(({ name, shape }) => sizeOf(shape) * bytesOf(request.weights.tensors.get(name)!.dtype))
  const total = sizes.reduce((sum, bytes) => sum + bytes, 0)
  let loaded = 0
  const progress = (bytes: number): void => {
    loaded += bytes
    request.onProgress?.({ phase: 'pack', loaded, total })
  }
  const placed = { matrices: new Map(), tables: new Map(), vectors: new Map() }
  const loading: Loading = { request, team, pool, progress, ...placed }
  for (const weight of stored) {
    request.signal?.throwIfAborted()
    const shard = shardOf(weight)
    if (weight.role === 'matrix' || weight.format === 'q8') await loadMatrix(weight, shard, loading)
    else await loadRows(weight, shard, loading)
  }
  request.onProgress?.({ phase: 'ready', loaded: total, total })
  return placed
}

/** The dtype of a tensor that is there in the right shape. @throws SailError E_BACKEND_WEIGHT */
export function dtypeOf({ tensors }: WeightSource, name: string, shape: readonly number[]): WeightDtype {
  const tensor = tensors.get(name)
  if (tensor !== undefined && tensor.shape.join() === shape.join()) return tensor.dtype
  throw new SailError('E_BACKEND_WEIGHT', {
    file: 'checkpoint',
    place: name,
    expected: `a tensor of shape (${shape.join(', ')})`,
    found: tensor === undefined ? 'none of this name' : `shape (${tensor.shape.join(', ')})`,
  })
}

interface Piece {
  readonly first: number
  readonly rows: number
  readonly data: Uint8Array
}

/** Pieces of a tensor in order; the next is being read while one is worked on. */
export async function* pieces(
  { name, shape }: StoredWeight,
  { request, progress }: Pick<Loading, 'request' | 'progress'>,
): AsyncGenerator<Piece, void> {
  const { weights, signal } = request
  const rowBytes = sizeOf(shape.slice(1)) * bytesOf(weights.tensors.get(name)!.dtype)
  const rows = Math.max(1, Math.floor(PIECE / rowBytes / 8)) * 8
  const read = (first: number): Promise<Uint8Array> => {
    const data = weights.read(name, first, Math.min(first + rows, shape[0]), signal)
    data.catch(() => {}) // heard of when its turn comes
    return data
  }
  let next = read(0)
  for (let first = 0; first < shape[0]; first += rows) {
    signal?.throwIfAborted()
    const data = await next
    if (first + rows < shape[0]) next = read(first + rows)
    yield { first, rows: Math.min(rows, shape[0] - first), data }
    progress(data.byteLength)
  }
}

/** Two stages take turns: while the team packs one, the next piece is written to the other. */
async function loadMatrix(weight: StoredWeight, shard: number, loading: Loading): Promise<void> {
  const { request, pool, matrices, tables } = loading
  const { name, shape, role, format, bytes } = weight
  const [cols, inner] = shape
  const { dtype } = request.weights.tensors.get(name)!
  const at = pool.take(shard, bytes, name)
  const size = Math.max(PIECE, 8 * inner * bytesOf(dtype))
  const stages = [0, 1].map(() => pool.take(shard, size, 'rows to pack'))
  let packed = Promise.resolve()
  try {
    for await (const { first, rows, data } of pieces(weight, loading)) {
      const [stage] = stages.reverse()
      pool.write(shard, stage, data)
      const to = at + (first / 8) * panelBytes(format, inner)
      const job = { shard, format, to, from: stage, dtype: dtypes[dtype], inner, rows }
      const next = pack(job, { first, data, weight, dtype }, loading.team)
      next.catch(() => {}) // heard of when its turn comes
      await packed
      packed = next
    }
    await packed
  } finally {
    for (const stage of stages) pool.give(shard, stage)
  }
  if (role === 'matrix') matrices.set(name, { shard, format, at, inner, cols })
  else if (format === 'q8') tables.set(name, { shard, format, at })
}

interface Packing {
  readonly first: number
  readonly data: Uint8Array
  readonly weight: StoredWeight
  readonly dtype: WeightDtype
}

/** @throws SailError E_WEIGHTS_NOT_FINITE */
async function pack(job: PackJob, { first, data, weight, dtype }: Packing, team: Team): Promise<void> {
  const bad = await team.pack(job)
  if (bad === -1) return
  const { name, format } = weight
  checkFinite(toF32(data, dtype), name, first * job.inner)
  throw tooLarge(name, format, first + bad * 8)
}

async function loadRows(weight: StoredWeight, shard: number, loading: Loading): Promise<void> {
  const { request, pool, tables, vectors } = loading
  const { name, shape, role, bytes } = weight
  const { dtype } = request.weights.tensors.get(name)!
  const format = weight.format === 'bf16' ? 'bf16' : 'f32'
  const at = pool.take(shard, bytes, name)
  const rowBytes = bytes / shape[0]
  for await (const { first, data } of pieces(weight, loading)) {
    const values = toF32(data, dtype)
    checkFinite(values, name, first * sizeOf(shape.slice(1)))
    pool.write(shard, at + first * rowBytes, format === 'f32' ? values : bf16Bits(data, dtype, values))
  }
  if (role === 'table') tables.set(name, { shard, format, at })
  else vectors.set(name, { shard, at })
}

/** The bits as they came, or those nearest to the values of another dtype. */
export function bf16Bits(data: Uint8Array, dtype: WeightDtype, values: Float32Array): Uint16Array {
  return dtype === 'BF16' ? viewAs(Uint16Array, data) : Uint16Array.from(values, f32ToBf16Bits)
}

export function checkFinite(values: Float32Array, name: string, offset: number): void {
  let bad = 0
  while (bad < values.length && Number.isFinite(values[bad])) bad++
  if (bad === values.length) return
  throw new SailError('E_WEIGHTS_NOT_FINITE', {
    file: 'checkpoint',
    place: `${name}, element ${offset + bad}`,
    expected: 'finite numbers that fit f32',
    found: `${values[bad]}`,
    hint: 'fetch or convert the checkpoint again',
  })
}

/** Finite in f32, but beyond what the format can hold. */
export function tooLarge(name: string, format: string, row: number): SailError {
  return new SailError('E_WEIGHTS_NOT_FINITE', {
    file: 'checkpoint',
    place: `${name}, rows ${row} to ${row + 7}`,
    expected: `values that fit ${format}`,
    found: 'a larger one',
    hint: 'load it with weights f32',
  })
}
