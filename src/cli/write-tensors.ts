// A few tensors that are all there, as one safetensors file.
import type { Tensor } from '../tensor.ts'
import { writeSafetensors } from '../weights/safetensors/write.ts'
import type { openOut } from './out-file.ts'

export async function writeTensors(
  sink: Awaited<ReturnType<typeof openOut>>,
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const content = { tensors: new Map(Object.entries(tensors)), metadata: new Map(Object.entries(metadata)), signal }
  await writeSafetensors(sink, content, async (add) => {
    for (const [name, { data }] of Object.entries(tensors)) await add(name, data)
  })
}
