// Dumps in memory: read whole, changed, written again; and dumps made by a model here, so that a mistake can be carried
// through all stages behind it, as a port with that mistake would dump it.
import { readFileSync } from 'node:fs'
import type { Prepared } from '../../src/api.ts'
import { caseTensors, passMask } from '../../src/facade/case-tensors.ts'
import { featureMap } from '../../src/facade/features.ts'
import { stageNames } from '../../src/graph/stages-names.ts'
import type { Sail } from '../../src/node.ts'
import type { F32Tensor, Tensor } from '../../src/tensor.ts'
import { type GoldenFile, openGolden } from '../../src/verify/golden-file.ts'
import { memorySink } from '../../src/weights/byte-sink.ts'
import { bytesSource } from '../../src/weights/byte-source.ts'
import { readHeader } from '../../src/weights/safetensors/header.ts'
import { readTensor } from '../../src/weights/safetensors/read.ts'
import { writeSafetensors } from '../../src/weights/safetensors/write.ts'

export interface Dump {
  readonly tensors: Map<string, Tensor>
  readonly metadata: Map<string, string>
}

export async function readDump(path: string): Promise<Dump> {
  const source = bytesSource(path, new Uint8Array(readFileSync(path)))
  const header = await readHeader(source)
  const tensors = new Map<string, Tensor>()
  for (const name of header.tensors.keys()) tensors.set(name, await readTensor(source, header, name))
  return { tensors, metadata: new Map(header.metadata) }
}

export async function dumpBytes({ tensors, metadata }: Dump): Promise<Uint8Array> {
  const sink = memorySink()
  await writeSafetensors(sink, { tensors, metadata }, async (write) => {
    for (const [name, { data }] of tensors) await write(name, data)
  })
  return sink.bytes()!
}

export async function goldenOf(dump: Dump, name = 'dump'): Promise<GoldenFile> {
  return openGolden(bytesSource(name, await dumpBytes(dump)))
}

/** A copy whose tensors can be changed in place. */
export function copyOf({ tensors, metadata }: Dump): Dump {
  const copied = [...tensors].map(
    ([name, tensor]) => [name, { ...tensor, data: tensor.data.slice() } as Tensor] as const,
  )
  return { tensors: new Map(copied), metadata: new Map(metadata) }
}

/** A float tensor of a dump, to be changed in place. */
export function floats({ tensors }: Dump, name: string): F32Tensor {
  const tensor = tensors.get(name)
  if (tensor?.dtype !== 'F32') throw new Error(`${name} is ${tensor?.dtype ?? 'missing'}`)
  return tensor
}

/** Exchanges rows a and b of a tensor with two or more axes. */
export function swapRows({ shape, data }: Tensor, a: number, b: number): void {
  const size = data.length / shape[0]
  const kept = data.slice(a * size, (a + 1) * size)
  data.copyWithin(a * size, b * size, (b + 1) * size)
  ;(data as Float32Array).set(kept as Float32Array, b * size)
}

/** All stages of a sequence, run as it is: what a port would dump that prepared this sequence. */
export async function dumpOf(sail: Sail, prepared: Prepared, metadata: ReadonlyMap<string, string>): Promise<Dump> {
  const tensors = new Map<string, Tensor>(caseTensors(prepared).map(([name, make]) => [name, make()]))
  const run = sail.open(prepared)
  for (const plan of prepared.passes) {
    const names = stageNames({ L: sail.config.dims.L, passes: [plan.name] }).filter((n) =>
      n.startsWith(`${plan.name}.`),
    )
    const local = names.map((name) => name.slice(plan.name.length + 1)).filter((name) => name !== 'mask')
    const outputs = await run.pass(plan.name, { stages: local })
    for (const [name, tensor] of outputs) tensors.set(`${plan.name}.${name}`, tensor)
    tensors.set(`${plan.name}.mask`, passMask(plan))
    if (plan.name === 'prefix') tensors.set('vision_features', featureMap(prepared, outputs.get('final_norm')!))
  }
  run.close()
  return { tensors, metadata: new Map(metadata) }
}
