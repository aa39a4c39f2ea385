// Reads the checkpoint's tensors into memory, in pieces of some megabytes so that progress moves and aborts arrive, and
// looks at every value once: a NaN or Infinity in a weight is reported by name, before it is everywhere.
// bf16 stays bf16; f16, f32 and f64 become f32. With bf16 numerics all weights are rounded to bf16, as PyTorch's
// `model.bfloat16()` does.
import { expectedWeights } from '../../config/weight-names.ts'
import { SailError } from '../../errors.ts'
import { sizeOf } from '../../tensor.ts'
import { f32ToBf16Bits } from '../../weights/formats/bf16.ts'
import { bytesOf, toF32, viewAs } from '../../weights/formats/convert.ts'
import type { LoadRequest, WeightDtype } from '../backend.ts'
import { checkFinite, dtypeOf } from '../check-weight.ts'
import type { StoredWeight } from './stored-weight.ts'

/** Bytes of the checkpoint that are read at once. */
const PIECE = 16 * 2 ** 20

/** @throws SailError E_BACKEND_WEIGHT, E_MEMORY, E_WEIGHTS_NOT_FINITE; signal.reason when aborted */
export async function loadWeights(request: LoadRequest): Promise<Map<string, StoredWeight>> {
  const { config, weights, numerics, signal, onProgress } = request
  const wanted = [...expectedWeights(config)].map(([name, shape]) => ({
    name,
    shape,
    dtype: dtypeOf(weights, name, shape),
  }))
  const total = wanted.reduce((sum, { shape, dtype }) => sum + sizeOf(shape) * bytesOf(dtype), 0)
  let loaded = 0
  const stored = new Map<string, StoredWeight>()
  for (const { name, shape, dtype } of wanted) {
    const asBf16 = dtype === 'BF16' || numerics === 'bf16'
    const data = allocate(name, sizeOf(shape), asBf16)
    const inner = sizeOf(shape.slice(1))
    const rows = Math.max(1, Math.floor(PIECE / (inner * bytesOf(dtype))))
    for (let from = 0; from < shape[0]; from += rows) {
      const to = Math.min(from + rows, shape[0])
      signal?.throwIfAborted()
      const bytes = await weights.read(name, from, to, signal)
      const values = toF32(bytes, dtype)
      checkFinite(values, weights, name, from * inner)
      data.set(asBf16 ? bf16Bits(bytes, dtype, values) : values, from * inner)
      loaded += bytes.byteLength
      onProgress?.({ phase: 'read', loaded, total })
    }
    stored.set(name, { shape, data })
  }
  onProgress?.({ phase: 'ready', loaded: total, total })
  return stored
}

function allocate(name: string, size: number, asBf16: boolean): Float32Array | Uint16Array {
  try {
    return asBf16 ? new Uint16Array(size) : new Float32Array(size)
  } catch (cause) {
    throw new SailError('E_MEMORY', {
      file: 'checkpoint',
      place: name,
      expected: `memory for ${size} values of ${asBf16 ? 2 : 4} bytes`,
      found: 'less than that',
      hint: asBf16 ? 'use a machine with more memory' : 'weights in bf16 take half, or use a machine with more memory',
      cause,
    })
  }
}

/** The bits as they came, or those nearest to the values of another dtype. */
function bf16Bits(bytes: Uint8Array, dtype: WeightDtype, values: Float32Array): Uint16Array {
  return dtype === 'BF16'
    ? viewAs(Uint16Array, bytes)
    : new Uint16Array(values.length).map((_, i) => f32ToBf16Bits(values[i]))
}
