// The dtypes of safetensors headers and their sizes. All of them are sized, so that any file's layout can be checked;
// which can be read as numbers is decided in read.ts. F4 and F6 fill parts of bytes: a tensor of them must come out at
// whole bytes. Source: huggingface/safetensors, `tensor.rs`, Dtype.

const bits = {
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  BOOL: 8,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E5M2FNUZ: 8,
  F8_E4M3FNUZ: 8,
  F8_E8M0: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  I64: 64,
  U64: 64,
  F64: 64,
  C64: 64,
} as const

export type SafetensorsDtype = keyof typeof bits

export function isDtype(name: string): name is SafetensorsDtype {
  return Object.hasOwn(bits, name)
}

export function bitsOf(dtype: SafetensorsDtype): number {
  return bits[dtype]
}

/**
 * Bytes of a dense tensor. The product is taken from the left, so that an overflow shows even before a later 0.
 * @returns null where a partial product exceeds 2^53 - 1, or the bits do not fill whole bytes
 */
export function byteSize(dtype: SafetensorsDtype, shape: readonly number[]): number | null {
  let elements = 1
  for (const dim of shape) {
    elements *= dim
    if (!Number.isSafeInteger(elements)) return null
  }
  const total = elements * bits[dtype]
  return Number.isSafeInteger(total) && total % 8 === 0 ? total / 8 : null
}
