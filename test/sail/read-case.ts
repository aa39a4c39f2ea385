// A golden file for tests: metadata and tensors.
import { openFile } from '../../src/node/file-source.ts'
import type { Tensor } from '../../src/tensor.ts'
import { readHeader } from '../../src/weights/safetensors/header.ts'
import { readTensor } from '../../src/weights/safetensors/read.ts'

export interface GoldenCase {
  readonly metadata: Readonly<Record<string, string>>
  readonly tensors: ReadonlyMap<string, Tensor>
  integers(name: string): number[]
}

export async function readCase(path: string): Promise<GoldenCase> {
  const source = await openFile(path, path)
  try {
    const header = await readHeader(source)
    const tensors = new Map<string, Tensor>()
    for (const name of header.tensors.keys()) tensors.set(name, await readTensor(source, header, name))
    const metadata = Object.fromEntries(header.metadata)
    return { metadata, tensors, integers: (name) => Array.from(tensors.get(name)!.data, Number) }
  } finally {
    await source.close()
  }
}
