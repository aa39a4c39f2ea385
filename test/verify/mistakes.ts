// What the suites of mistakes share: PyTorch's dump of the small model, ways to change it, and what is first found wrong.
import { readFileSync } from 'node:fs'
import { Sail } from '../../src/node.ts'
import type { Tensor } from '../../src/tensor.ts'
import { firstFailure } from '../../src/verify/report.ts'
import { verify } from '../../src/verify/verify.ts'
import { copyOf, type Dump, dumpBytes, goldenOf, readDump } from '../support/dumps.ts'
import { root } from '../support/golden.ts'

const folder = `${root}golden/cases/`
export const model = `${folder}models/tiny-a`
export const image = `${folder}images/noise-40x26.png`
export const golden: Dump = await readDump(`${folder}tiny-a-image.f32.safetensors`)

export async function failureOf(sail: Sail, dump: Dump): Promise<string | null> {
  const report = await verify(sail, await goldenOf(dump), { image, freeRunning: false })
  return firstFailure(report)?.name ?? null
}

/** What is first found wrong after `change` was made to PyTorch's dump. */
export async function mutated(sail: Sail, change: (dump: Dump) => void): Promise<string | null> {
  const dump = copyOf(golden)
  change(dump)
  return failureOf(sail, dump)
}

export function scale(values: Float32Array, factor: number): void {
  for (let i = 0; i < values.length; i++) values[i] *= factor
}

/** (S, S), as far as the queries see with a causal mask. */
export function causal({ shape, data }: Tensor): void {
  const visible = data as Uint8Array
  for (let query = 0; query < shape[0]; query++) visible.fill(0, query * shape[1] + query + 1, (query + 1) * shape[1])
}

/** The model with changed weights or a changed config. */
export async function portWith(change: (weights: Dump) => void, config: object = {}): Promise<Sail> {
  const weights = await readDump(`${model}/model.safetensors`)
  change(weights)
  const text = (name: string) => readFileSync(`${model}/${name}`, 'utf8')
  const files: [string, string | Uint8Array][] = [
    ['config.json', JSON.stringify({ ...JSON.parse(text('config.json')), ...config })],
    ['generation_config.json', text('generation_config.json')],
    ['tokenizer.json', text('tokenizer.json')],
    ['model.safetensors', await dumpBytes(weights)],
  ]
  return Sail.load(new Map(files.map(([name, content]) => [name, new Blob([content as string])])))
}
