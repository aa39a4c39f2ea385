// The checkpoint's tensors in another format than they are stored in, converted as they are read: f32 widens all of
// them (F64 is rounded). bf16, q8 and q4 give the values that the kernels would multiply with, each tensor in the format that
// it gets there (norms and biases stay f32): so the reference backend says what a rounded model should compute. `exact` is the
// checkpoint itself, and so is what was packed before.
import type { WeightSource } from '../backends/backend.ts'
import { type StoredWeight, storedWeights, type WeightFormat } from '../backends/wasm/plan/stored-weights.ts'
import type { ModelConfig } from '../config/model-config.ts'
import { f32ToBf16Bits } from '../weights/formats/bf16.ts'
import { toF32 } from '../weights/formats/convert.ts'
import { roundTrip } from '../weights/formats/round-trip.ts'

export function viewWeights(source: WeightSource, format: WeightFormat, config: ModelConfig): WeightSource {
  if (format === 'exact' || source.packed !== undefined) return source
  if (format === 'f32') return converted(source, () => 'F32')
  const dtypeOf = (name: string) => source.tensors.get(name)!.dtype
  const stored = new Map<string, StoredWeight>()
  for (const weight of storedWeights(config, dtypeOf, format)) stored.set(weight.name, weight)
  const formatOf = (name: string) => stored.get(name)?.format ?? 'f32'
  const view = converted(source, (name) => (formatOf(name) === 'bf16' ? 'BF16' : 'F32'))
  return {
    ...view,
    async read(name, from, to, signal) {
      const bytes = await view.read(name, from, to, signal)
      const packed = formatOf(name)
      if (packed !== 'q8' && packed !== 'q4') return bytes
      return bytesOf(roundTrip(packed, toF32(bytes, 'F32').slice(), source.tensors.get(name)!.shape[1]))
    },
  }
}

function converted(source: WeightSource, dtypeOf: (name: string) => 'F32' | 'BF16'): WeightSource {
  const tensors = new Map(
    [...source.tensors].map(([name, { shape, path }]) => {
      return [name, { dtype: dtypeOf(name), shape, ...(path !== undefined && { path }) }] as const
    }),
  )
  return {
    tensors,
    async read(name, from, to, signal) {
      const bytes = await source.read(name, from, to, signal)
      const stored = source.tensors.get(name)!.dtype
      const dtype = dtypeOf(name)
      if (stored === dtype) return bytes
      const values = toF32(bytes, stored)
      return bytesOf(dtype === 'F32' ? values : Uint16Array.from(values, f32ToBf16Bits))
    },
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Uint16Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}
