// A trusting safetensors reader for these tests: the strict one belongs to src/weights and is tested there.
import { existsSync, readFileSync } from 'node:fs'
import type { WeightDtype, WeightSource } from '../../src/backends/backend.ts'
import type { F32Tensor } from '../../src/tensor.ts'

interface Entry {
  readonly dtype: WeightDtype | 'I64' | 'U8'
  readonly shape: readonly number[]
  readonly data_offsets: readonly [number, number]
}

export interface TensorFile {
  readonly entries: ReadonlyMap<string, Entry>
  bytes(name: string): Uint8Array
}

export function openTensors(path: string): TensorFile {
  const file = readFileSync(path)
  const length = Number(file.readBigUInt64LE(0))
  const { __metadata__, ...header } = JSON.parse(file.toString('utf8', 8, 8 + length))
  const entries = new Map<string, Entry>(Object.entries(header))
  return {
    entries,
    bytes(name) {
      const entry = entries.get(name)
      if (entry === undefined) throw new Error(`${path} has no ${name}`)
      const [begin, end] = entry.data_offsets
      return new Uint8Array(file.subarray(8 + length + begin, 8 + length + end))
    },
  }
}

/** A golden float tensor as numbers, F32 or F64. */
export function floats(file: TensorFile, name: string): Float32Array | Float64Array {
  const { buffer } = file.bytes(name)
  return file.entries.get(name)?.dtype === 'F64' ? new Float64Array(buffer) : new Float32Array(buffer)
}

export function tensor(file: TensorFile, name: string): F32Tensor {
  return { dtype: 'F32', shape: file.entries.get(name)?.shape ?? [], data: Float32Array.from(floats(file, name)) }
}

export function ints(file: TensorFile, name: string): Int32Array {
  return Int32Array.from(new BigInt64Array(file.bytes(name).buffer), Number)
}

/** The checkpoint in a folder: model.safetensors, or the shards of its index. */
export function openCheckpoint(folder: string): WeightSource {
  const index = `${folder}/model.safetensors.index.json`
  const names = existsSync(index)
    ? [...new Set<string>(Object.values(JSON.parse(readFileSync(index, 'utf8')).weight_map))]
    : ['model.safetensors']
  const files = names.map((name) => openTensors(`${folder}/${name}`))
  return sourceOf(files)
}

function sourceOf(files: readonly TensorFile[]): WeightSource {
  const holder = new Map(files.flatMap((file) => [...file.entries.keys()].map((name) => [name, file] as const)))
  const tensors = new Map(
    [...holder].map(([name, file]) => {
      const { dtype, shape } = file.entries.get(name)!
      return [name, { dtype: dtype as WeightDtype, shape }]
    }),
  )
  return {
    tensors,
    async read(name, from = 0, to = tensors.get(name)!.shape[0]) {
      const bytes = holder.get(name)!.bytes(name)
      const row = bytes.length / tensors.get(name)!.shape[0]
      return bytes.subarray(from * row, to * row)
    },
  }
}
