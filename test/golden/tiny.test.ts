// The embedded model: on its whole evaluation set the answers are PyTorch's, token for token.
import { existsSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Sail } from '../../src/node.ts'
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

describe.skipIf(entries.length === 0)('the embedded model (skipped without golden/tiny/eval)', () => {
  let sail: Sail
  beforeAll(async () => {
    sail = await Sail.load(folder)
  })
  afterAll(() => sail.close())

  test.each(kinds)('answers every question of kind %s with the ids of PyTorch', async (kind) => {
    const wrong: string[] = []
    for (const { image, prompt, ids, text } of entries.filter((entry) => entry.kind === kind)) {
      const answer = await sail.ask({ image: `${folder}eval/${image}`, prompt }, { maxNewTokens: ids.length })
      if (JSON.stringify(answer.ids) !== JSON.stringify(ids) || answer.text !== text)
        wrong.push(`${image}, ${prompt}: ${answer.text} for ${text}`)
    }
    expect(wrong).toEqual([])
  })
})
