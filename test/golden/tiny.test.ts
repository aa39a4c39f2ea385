// The embedded model: on its whole evaluation set the answers are PyTorch's, token for token, on either backend.
import { existsSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type LoadOptions, Sail } from '../../src/node.ts'
import { root } from '../support/golden.ts'

interface EvalEntry {
  readonly image: string
  readonly kind: string
  readonly prompt: string
  readonly ids: number[]
  readonly text: string
}

const folder = `${root}golden/tiny/`
const list = `${folder}eval/eval.jsonl`
const entries = existsSync(list)
  ? readFileSync(list, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as EvalEntry)
  : []
const kinds = [...new Set(entries.map(({ kind }) => kind))]

/** The whole set as the model is loaded by default, and with f32 weights; the reference backend, five times as slow, on a tenth. */
const runs: readonly [string, LoadOptions, number][] = [
  ['by default', {}, 1],
  ['on wasm with f32 weights', { backend: 'wasm', weights: 'f32' }, 1],
  ['on reference', { backend: 'reference' }, 10],
]

describe.skipIf(entries.length === 0).each(runs)(
  'the embedded model %s (skipped without golden/tiny/eval)',
  (_, options, step) => {
    let sail: Sail
    beforeAll(async () => {
      sail = await Sail.load(folder, options)
    })
    afterAll(() => sail.close())

    test.each(kinds)('answers every question of kind %s with the ids of PyTorch', async (kind) => {
      const wrong: string[] = []
      const chosen = entries.filter((entry) => entry.kind === kind).filter((_, i) => i % step === 0)
      for (const { image, prompt, ids, text } of chosen) {
        const answer = await sail.ask({ image: `${folder}eval/${image}`, prompt }, { maxNewTokens: ids.length })
        if (JSON.stringify(answer.ids) !== JSON.stringify(ids) || answer.text !== text)
          wrong.push(`${image}, ${prompt}: ${answer.text} for ${text}`)
      }
      expect(wrong).toEqual([])
    })
  },
)
