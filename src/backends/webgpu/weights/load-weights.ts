// From the checkpoint to the device: all buffers first, so that what does not fit is known before anything is read; then a
// piece at a time is read, packed by the wasm kernels (the same bytes as on the CPU) and handed to the queue, while the next
// piece is being read. The queue copies what it is handed, so it is waited for every now and then.
import { sizeOf } from '../../../tensor.ts'
import { bytesOf, toF32 } from '../../../weights/formats/convert.ts'
import { panelBytes } from '../../../weights/formats/packed.ts'
import type { LoadRequest } from '../../backend.ts'
import { bf16Bits, checkFinite, dtypes, pieces, tooLarge } from '../../wasm/load-weights.ts'
import { newMemory, ShardMemory } from '../../wasm/memory/shard-memory.ts'
import type { StoredWeight } from '../../wasm/plan/stored-weights.ts'
import { pack } from '../../wasm/team/walker.ts'
import { STORAGE } from '../gpu/flags.ts'
import type { Gpu } from '../gpu/gpu.ts'
import type { LinearShape } from '../kernels/linear-shape.ts'
import { cut, type GpuMatrix, type GpuTable, type GpuWeights, type Part } from './gpu-weights.ts'

/** Bytes that may wait in the queue. */
const WAITING = 64 * 2 ** 20

interface Loading {
  readonly request: LoadRequest
  readonly gpu: Gpu
  readonly packer: ShardMemory
  readonly progress: (bytes: number) => void
}

/** Bytes of 8 columns of a matrix, or 8 rows of a table. */
function eightBytes({ role, format, shape }: StoredWeight): number {
  if (role === 'matrix' || format === 'q8') return panelBytes(format, shape[1])
  return 8 * (format === 'bf16' ? 2 : 4) * sizeOf(shape.slice(1))
}

/** Room for every weight. @throws SailError E_MEMORY, which says how much all of them need; E_GPU_LOST */
export async function placeWeights(stored: readonly StoredWeight[], gpu: Gpu): Promise<Map<StoredWeight, Part[]>> {
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

/** @throws SailError E_WEIGHTS_NOT_FINITE, E_MEMORY, E_GPU_LOST; signal.reason when aborted */
export async function loadWeights(
  request: LoadRequest,
  placed: ReadonlyMap<StoredWeight, readonly Part[]>,
  gpu: Gpu,
  kernels: WebAssembly.Module,
): Promise<GpuWeights> {
  const { weights, signal, onProgress } = request
  const sizes = [...placed.keys()].map(({ name, shape }) => sizeOf(shape) * bytesOf(weights.tensors.get(name)!.dtype))
  const total = sizes.reduce((sum, bytes) => sum + bytes, 0)
  let loaded = 0
  const progress = (bytes: number): void => {
    loaded += bytes
    onProgress?.({ phase: 'pack', loaded, total })
  }
  const loading = { request, gpu, packer: new ShardMemory(kernels, newMemory(0, false)), progress }
  const matrices = new Map<string, GpuMatrix>()
  const tables = new Map<string, GpuTable>()
  const vectors = new Map<string, GPUBuffer>()
  for (const [weight, parts] of placed) {
    signal?.throwIfAborted()
    const { name, role, format, shape } = weight
    await upload(weight, parts, loading)
    if (role === 'matrix') matrices.set(name, { format, cols: shape[0], inner: shape[1], parts })
    else if (role === 'vector') vectors.set(name, parts[0].buffer)
    else if (format !== 'q4') tables.set(name, { format, parts })
  }
  onProgress?.({ phase: 'ready', loaded: total, total })
  return { matrices, tables, vectors }
}

async function upload(weight: StoredWeight, parts: readonly Part[], loading: Loading): Promise<void> {
  const { gpu } = loading
  const { queue } = gpu.device
  const bytes = eightBytes(weight)
  let waiting = 0
  for await (const { first, rows, data } of pieces(weight, loading)) {
    const ready = convert(weight, { first, rows, data }, loading)
    await gpu.guarded(weight.name, () => {
      // A piece may reach over the end of a part; both begin at multiples of 8.
      for (const part of parts) {
        const from = Math.max(first, part.first)
        const to = Math.min(first + rows, part.first + part.count)
        if (from >= to) continue
        const begin = ((from - first) / 8) * bytes
        const end = to === first + rows ? ready.byteLength : ((to - first) / 8) * bytes
        const view = new Uint8Array(ready.buffer, ready.byteOffset + begin, end - begin)
        queue.writeBuffer(part.buffer, ((from - part.first) / 8) * bytes, padded(view))
      }
    })
    waiting += ready.byteLength
    if (waiting < WAITING) continue
    await gpu.wait(queue.onSubmittedWorkDone())
    waiting = 0
  }
}

interface Piece {
  readonly first: number
  readonly rows: number
  readonly data: Uint8Array
}

/** The bytes of a piece as they are stored. @throws SailError E_WEIGHTS_NOT_FINITE */
function convert(weight: StoredWeight, piece: Piece, loading: Loading): Uint8Array {
  const { name, role, format, shape } = weight
  const { dtype } = loading.request.weights.tensors.get(name)!
  if (role === 'matrix' || format === 'q8') return packed(weight, piece, loading)
  const values = toF32(piece.data, dtype)
  checkFinite(values, name, piece.first * sizeOf(shape.slice(1)))
  const { buffer, byteOffset, byteLength } = format === 'bf16' ? bf16Bits(piece.data, dtype, values) : values
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/** Panels, in the memory of the packing kernels. */
function packed({ name, format, shape }: StoredWeight, { first, rows, data }: Piece, loading: Loading): Uint8Array {
  const { packer, request } = loading
  const { dtype } = request.weights.tensors.get(name)!
  const bytes = Math.ceil(rows / 8) * panelBytes(format, shape[1])
  const from = Math.ceil(packer.kernels.heap_base() / 64) * 64
  const to = from + Math.ceil(data.byteLength / 64) * 64
  packer.grow(to + bytes)
  packer.write(from, data)
  const job = { shard: 0, format, to, from, dtype: dtypes[dtype], inner: shape[1], rows }
  const bad = pack(job, { shards: [packer], index: 0, threads: 1 })
  if (bad === -1) return packer.bytes(to, bytes)
  checkFinite(toF32(data, dtype), name, first * shape[1])
  throw tooLarge(name, format, first + bad * 8)
}

/** Queues take whole words: an odd number of bf16 values gets a zero behind it. */
function padded(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  if (bytes.byteLength % 4 === 0) return bytes as Uint8Array<ArrayBuffer>
  const whole = new Uint8Array(Math.ceil(bytes.byteLength / 4) * 4)
  whole.set(bytes)
  return whole
}
