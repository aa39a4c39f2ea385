// The integer tensors of a golden file, as plain numbers: all that these tests need of safetensors.
import { readFileSync } from 'node:fs'

export interface Integers {
  readonly tensors: ReadonlyMap<string, number[]>
  readonly metadata: Readonly<Record<string, string>>
}

export function readIntegers(file: string): Integers {
  const bytes = readFileSync(file)
  const start = 8 + Number(bytes.readBigUInt64LE(0))
  const { __metadata__: metadata, ...entries } = JSON.parse(bytes.toString('utf8', 8, start))
  const tensors = new Map<string, number[]>()
  for (const [name, { dtype, data_offsets: range }] of Object.entries<{ dtype: string; data_offsets: number[] }>(
    entries,
  )) {
    const data = bytes.subarray(start + range[0], start + range[1])
    if (dtype === 'U8') tensors.set(name, [...data])
    else if (dtype === 'I64')
      tensors.set(
        name,
        Array.from({ length: data.length / 8 }, (_, i) => Number(data.readBigInt64LE(8 * i))),
      )
  }
  return { tensors, metadata }
}
