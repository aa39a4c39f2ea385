// A tensor of the checkpoint into panels, or into plain rows, a piece of some megabytes at a time: while the team packs one,
// the next is being read, and nothing is ever held twice. Where the checkpoint lies in files that the workers can read, each
// reads what it packs; else the main thread reads and writes to the stage.
// Each value is looked at once: NaN or Infinity is reported with the tensor's name and place.
import { SailError } from '../../errors.ts'
import { sizeOf } from '../../tensor.ts'
import { f32ToBf16Bits } from '../../weights/formats/bf16.ts'
import { bytesOf, toF32, viewAs } from '../../weights/formats/convert.ts'
import type { LoadRequest, WeightDtype } from '../backend.ts'
import { checkFinite } from '../check-weight.ts'
import type { Pool } from './memory/pool.ts'
import type { StoredWeight } from './plan/stored-weights.ts'
import { type PackJob, UNREAD } from './team/messages.ts'
import type { Team } from './team/team.ts'

/** Bytes of the checkpoint that are read at once, at least eight rows. */
const PIECE = 8 * 2 ** 20

const dtypes = { F32: 0, BF16: 1, F16: 2, F64: 3 } as const satisfies Record<WeightDtype, PackJob['dtype']>

export interface Packing {
  readonly request: LoadRequest
  readonly team: Team
  readonly pool: Pool
  /** Bytes of the checkpoint that are done with. */
  readonly progress: (bytes: number) => void
}

/** Rows [first, first + rows) of a tensor; `data` is null where the workers read them. */
interface Piece {
  readonly first: number
  readonly rows: number
  readonly data: Uint8Array | null
}

export function sourceBytes({ name, shape }: StoredWeight, { weights }: LoadRequest): number {
  return sizeOf(shape) * bytesOf(weights.tensors.get(name)!.dtype)
}

/** Rows in a piece, a multiple of eight. */
export function pieceRows(weight: StoredWeight, request: LoadRequest): number {
  const rowBytes = sourceBytes(weight, request) / weight.shape[0]
  return Math.max(1, Math.floor(PIECE / rowBytes / 8)) * 8
}

/** Pieces of a tensor in order; the next is being read while one is worked on. */
async function* pieces(weight: StoredWeight, { request }: Packing, read: boolean): AsyncGenerator<Piece, void> {
  const { name, shape } = weight
  const { weights, signal } = request
  const most = pieceRows(weight, request)
  const rowsAt = (first: number): number => Math.min(most, shape[0] - first)
  const dataAt = (first: number): Promise<Uint8Array> | null => {
    if (!read || first >= shape[0]) return null
    const data = weights.read(name, first, first + rowsAt(first), signal)
    data.catch(() => {}) // heard of when its turn comes
    return data
  }
  let next = dataAt(0)
  for (let first = 0; first < shape[0]; first += most) {
    signal?.throwIfAborted()
    const data = await next
    next = dataAt(first + most)
    yield { first, rows: rowsAt(first), data }
  }
}

/** Where the panels of a piece go, and what is done once they are there, before the place is used again. */
export interface PanelTarget {
  readonly shard: number
  to(first: number): number
  done?(first: number, rows: number): Promise<void>
}

/** @throws SailError E_WEIGHTS_NOT_FINITE, E_MEMORY; what reading throws; signal.reason */
export async function packMatrix(weight: StoredWeight, packing: Packing, target: PanelTarget): Promise<void> {
  const { request, team, pool } = packing
  const { weights } = request
  const { name, shape, format } = weight
  const inner = shape[1]
  const { dtype } = weights.tensors.get(name)!
  const { shard } = target
  const place = team.readsFiles ? (weights.place?.(name) ?? null) : null
  const rowBytes = inner * bytesOf(dtype)
  // Two stages take turns.
  const stages = [0, 1].map(() => pool.take(shard, pieceRows(weight, request) * rowBytes, 'rows to pack'))
  let packed = Promise.resolve()
  try {
    for await (const piece of pieces(weight, packing, place === null)) {
      const { first, rows, data } = piece
      const [from] = stages.reverse()
      if (data !== null) pool.write(shard, from, data)
      const file = place && { ...place, position: place.position + first * rowBytes }
      const job = { shard, format, to: target.to(first), from, dtype: dtypes[dtype], inner, rows, file }
      const [bad, before] = [team.pack(job), packed]
      packed = bad.then(async (panel) => {
        await before
        if (panel !== -1) throw await fault(panel, piece, weight, request)
        await target.done?.(first, rows)
        packing.progress(rows * rowBytes)
      })
      packed.catch(() => {}) // heard of when its turn comes
      await before
    }
    await packed
    if (place !== null) await weights.read(name, 0, 0, request.signal) // notices a file that was changed meanwhile
  } finally {
    for (const stage of stages) pool.give(shard, stage)
  }
}

/** Why a piece could not be packed. @throws SailError E_WEIGHTS_NOT_FINITE; what reading the piece throws */
async function fault(panel: number, piece: Piece, weight: StoredWeight, { weights, signal }: LoadRequest) {
  const { name, shape, format } = weight
  const { first, rows } = piece
  const { dtype, path } = weights.tensors.get(name)!
  const data = piece.data ?? (await weights.read(name, first, first + rows, signal))
  checkFinite(toF32(data, dtype), weights, name, first * shape[1])
  if (panel === UNREAD) return changed(path, name)
  return new SailError('E_WEIGHTS_NOT_FINITE', {
    file: path ?? 'checkpoint',
    place: `${name}, rows ${first + panel * 8} to ${first + panel * 8 + 7}`,
    expected: `values that fit ${format}`,
    found: 'a larger one',
    hint: 'load it with weights f32',
  })
}

/** A worker could not read what the main thread can. */
function changed(file = 'checkpoint', place: string): SailError {
  return new SailError('E_WEIGHTS_CHANGED', {
    file,
    place,
    expected: 'the file as it was opened',
    found: 'a part that could not be read at first',
    hint: 'something writes to it: try again when that is done',
  })
}

/** A table or vector as rows of f32 or bf16, in order. @throws as packMatrix */
export async function* packRows(weight: StoredWeight, packing: Packing): AsyncGenerator<Float32Array | Uint16Array> {
  const { request } = packing
  const { name, shape, format } = weight
  const { dtype } = request.weights.tensors.get(name)!
  for await (const { first, data } of pieces(weight, packing, true)) {
    const values = toF32(data!, dtype)
    checkFinite(values, request.weights, name, first * sizeOf(shape.slice(1)))
    yield format === 'bf16' ? bf16Bits(data!, dtype, values) : values
    packing.progress(data!.byteLength)
  }
}

/** The bits as they came, or those nearest to the values of another dtype. */
function bf16Bits(data: Uint8Array, dtype: WeightDtype, values: Float32Array): Uint16Array {
  return dtype === 'BF16' ? viewAs(Uint16Array, data) : Uint16Array.from(values, f32ToBf16Bits)
}
