// What a page is asked and held against: the embedded model's evaluation set, and the dumps as a page fetches them.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Case } from '../browser/page/page.ts'
import { root, shared } from './golden.ts'

export interface EvalEntry {
  readonly image: string
  readonly prompt: string
  readonly ids: number[]
  readonly kind: string
}

/** The first `first` questions of every kind, and each `step`th of the evaluation set. */
export function evalEntries(first: number, step = Number.POSITIVE_INFINITY): EvalEntry[] {
  const lines = readFileSync(join(root, 'golden/tiny/eval/eval.jsonl'), 'utf8').trim().split('\n')
  const all = lines.map((line) => JSON.parse(line) as EvalEntry)
  const seen = new Map<string, number>()
  return all.filter(({ kind }, i) => {
    const count = (seen.get(kind) ?? 0) + 1
    seen.set(kind, count)
    return count <= first || i % step === 0
  })
}

/** Cases by model, as URLs below the server's root; f32 dumps, since the f64 ones are the same runs. */
export function pageCases(): Map<string, Case[]> {
  const found = new Map<string, Case[]>()
  const folders: [string, string, string][] = [['/golden/cases/', `${root}golden/cases/`, '']]
  if (shared !== null) folders.push([`/@fs${shared}`, shared, 'cases/'])
  for (const [url, path, below] of folders)
    for (const file of readdirSync(path + below).filter((name) => name.endsWith('.f32.safetensors'))) {
      const { model, image } = metadata(path + below + file)
      const at = `${url}models/${model}/`
      const picture = image !== undefined && existsSync(path + image) ? url + image : null
      found.set(at, [...(found.get(at) ?? []), { golden: url + below + file, image: picture }])
    }
  return found
}

function metadata(file: string): Record<string, string> {
  const bytes = readFileSync(file)
  return JSON.parse(bytes.toString('utf8', 8, 8 + bytes.readUInt32LE(0))).__metadata__
}
