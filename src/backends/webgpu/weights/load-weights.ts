// From the checkpoint to the device: all buffers first, so that what does not fit is known before anything is read; then the
// weights as they lie in memory on the CPU, piece by piece in order: packed by the wasm team, or read from a packed folder.
// The queue copies what it is handed, so it is waited for every now and then.
import { SailError } from '../../../errors.ts'
import { sizeOf } from '../../../tensor.ts'
import { panelBytes } from '../../../weights/formats/packed.ts'
import { type PackedWeights, partBytes, partKey } from '../../../weights/formats/packed-weights.ts'
import { PackedSum } from '../../../weights/formats/sum.ts'
import type { LoadRequest } from '../../backend.ts'
import type { WasmHost } from '../../wasm/host.ts'
import { partOf } from '../../wasm/load-packed.ts'
import { packWeights } from '../../wasm/pack-weights.ts'
import { inPanels, type StoredWeight } from '../../wasm/plan/stored-weights.ts'
import { STORAGE } from '../gpu/flags.ts'
import type { Gpu } from '../gpu/gpu.ts'
import type { LinearShape } from '../kernels/linear-shape.ts'
import { cut, type GpuMatrix, type GpuTable, type GpuWeights, type Part } from './gpu-weights.ts'

/** Bytes that may wait in the queue, and that are read at once. */
const WAITING = 64 * 2 ** 20
const PIECE = 8 * 2 ** 20

export type Placed = ReadonlyMap<StoredWeight, readonly Part[]>

/** Bytes of 8 columns of a matrix, or 8 rows of a table. */
function eightBytes(weight: StoredWeight): number {
  const { format, shape } = weight
  return inPanels(weight) ? panelBytes(format, shape[1]) : 8 * (format === 'bf16' ? 2 : 4) * sizeOf(shape.slice(1))
}

/** Room for every weight. @throws SailError E_MEMORY, which says how much all of them need; E_GPU_LOST */
export async function placeWeights(stored: readonly StoredWeight[], gpu: Gpu): Promise<Placed> {
  const total = stored.reduce((sum, { bytes }) => sum + bytes, 0)
  return gpu.guarded(`${(total / 1e9).toFixed(2)} GB of weights`, () => {
    const place = (weight: StoredWeight): Part[] => {
      const bytes = eightBytes(weight)
      const [cols, inner = 1] = weight.shape
      return cut(cols, bytes / 8, gpu.tuning.bindingBytes).map(({ first, count }) => ({
        first,
        count,
        buffer: gpu.buffer(weight.name, Math.ceil(count / 8) * bytes, STORAGE),
        shape: shapeBuffer([inner, count, first, cols], gpu),
      }))
    }
    return new Map(stored.map((weight) => [weight, place(weight)]))
  })
}

function shapeBuffer(shape: LinearShape, gpu: Gpu): GPUBuffer {
  const buffer = gpu.buffer('sizes of a matrix', shape.length * 4, STORAGE)
  gpu.device.queue.writeBuffer(buffer, 0, new Uint32Array(shape))
  return buffer
}

/** @throws SailError E_WEIGHTS_NOT_FINITE, E_PACKED_*, E_MEMORY, E_KERNELS_*, E_GPU_LOST; signal.reason when aborted */
export async function loadWeights(
  request: LoadRequest,
  placed: Placed,
  gpu: Gpu,
  packer: { readonly threads: number | 'auto'; readonly host: WasmHost },
): Promise<GpuWeights> {
  const { packed } = request.weights
  if (packed === undefined) {
    const plans = [...placed.keys()].map((weight) => {
      const { name, format, shape } = weight
      return { weight, part: { name, layout: inPanels(weight) ? 'panels' : 'rows', format, shape } } as const
    })
    await packWeights(request, plans, { threads: packer.threads }, packer.host, ({ weight }, make) =>
      make(uploader(weight, placed.get(weight)!, gpu)),
    )
  } else await uploadPacked(request, packed, placed, gpu)
  const matrices = new Map<string, GpuMatrix>()
  const tables = new Map<string, GpuTable>()
  const vectors = new Map<string, GPUBuffer>()
  for (const [{ name, role, format, shape }, parts] of placed)
    if (role === 'matrix') matrices.set(name, { format, cols: shape[0], inner: shape[1], parts })
    else if (role === 'vector') vectors.set(name, parts[0].buffer)
    else if (format !== 'q4') tables.set(name, { format, parts })
  return { matrices, tables, vectors }
}

/** Takes the bytes of a weight in order and puts them where they belong. */
function uploader(weight: StoredWeight, parts: readonly Part[], gpu: Gpu): (bytes: Uint8Array) => Promise<void> {
  const { queue } = gpu.device
  const starts = parts.map(({ first }) => (first / 8) * eightBytes(weight))
  let at = 0
  let waiting = 0
  return async (bytes) => {
    await gpu.guarded(weight.name, () => {
      for (const [i, { buffer }] of parts.entries()) {
        const from = Math.max(at, starts[i])
        const to = Math.min(at + bytes.length, starts[i + 1] ?? Number.POSITIVE_INFINITY)
        if (from < to) queue.writeBuffer(buffer, from - starts[i], wholeWords(bytes.subarray(from - at, to - at)))
      }
    })
    at += bytes.length
    waiting += bytes.length
    if (waiting < WAITING) return
    await gpu.wait(queue.onSubmittedWorkDone())
    waiting = 0
  }
}

/** @throws SailError E_PACKED_PART, E_PACKED_SUM; what reading throws; signal.reason */
async function uploadPacked(
  { signal, onProgress }: LoadRequest,
  packed: PackedWeights,
  placed: Placed,
  gpu: Gpu,
): Promise<void> {
  const all = [...placed].map(([weight, parts]) => ({ weight, parts, part: partOf(packed, weight) }))
  const total = all.reduce((sum, { part }) => sum + partBytes(part), 0)
  let loaded = 0
  for (const { weight, parts, part } of all) {
    const [key, bytes, sum] = [partKey(part), partBytes(part), new PackedSum()]
    const take = uploader(weight, parts, gpu)
    for (let begin = 0; begin < bytes; begin += PIECE) {
      signal?.throwIfAborted()
      const piece = await packed.read(key, begin, Math.min(begin + PIECE, bytes), signal)
      sum.add(piece)
      await take(piece)
      loaded += piece.length
      onProgress?.({ phase: 'read', loaded, total })
    }
    if (sum.hex() !== part.sum) throw damaged(packed.pathOf(key), key, part.sum, sum.hex())
  }
  onProgress?.({ phase: 'ready', loaded: total, total })
}

function damaged(file: string, place: string, expected: string, found: string): SailError {
  const hint = 'the file is damaged: fetch it again, or run sail quantize again'
  return new SailError('E_PACKED_SUM', {
    file,
    place,
    expected: `bytes with the sum ${expected}`,
    found,
    hint,
  })
}

/** Queues take whole words: an odd number of bf16 values gets a zero behind it. */
function wholeWords(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  if (bytes.byteLength % 4 === 0) return bytes as Uint8Array<ArrayBuffer>
  const whole = new Uint8Array(Math.ceil(bytes.byteLength / 4) * 4)
  whole.set(bytes)
  return whole
}
