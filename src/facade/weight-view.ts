// The checkpoint's tensors in another format than they are stored in, converted as they are read: f32 widens all of
// them (F64 is rounded), bf16 rounds all of them to nearest even, as `model.to(torch.bfloat16)` does. `exact` is the
// checkpoint itself.
import type { WeightSource } from '../backends/backend.ts'
import { f32ToBf16Bits } from '../weights/formats/bf16.ts'
import { toF32 } from '../weights/formats/convert.ts'

export type WeightFormat = 'exact' | 'f32' | 'bf16'

export function viewWeights(source: WeightSource, format: WeightFormat): WeightSource {
  if (format === 'exact') return source
  const dtype = format === 'f32' ? 'F32' : 'BF16'
  const tensors = new Map(
    [...source.tensors].map(
      ([name, { shape, path }]) => [name, { dtype, shape, ...(path !== undefined && { path }) }] as const,
    ),
  )
  return {
    tensors,
    async read(name, from, to, signal) {
      const bytes = await source.read(name, from, to, signal)
      const stored = source.tensors.get(name)!.dtype
      if (stored === dtype) return bytes
      const values = toF32(bytes, stored)
      return bytesOf(format === 'f32' ? values : Uint16Array.from(values, f32ToBf16Bits))
    },
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Uint16Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}
