// The cases that Python wrote, and what must hold for each.
import { expect } from 'vitest'
import type { Tokenizer } from '../../src/tokenizer/tokenizer.ts'

export interface TokenizerCases {
  readonly vocab_size: number
  readonly cases: readonly {
    readonly text: string
    readonly ids: readonly number[]
    readonly with_special?: readonly number[]
    /** Absent where Python's decoder panics. */
    readonly decoded?: string
    readonly decoded_all?: string
  }[]
  readonly decodes: readonly {
    readonly ids: readonly number[]
    readonly decoded: string
    readonly decoded_all: string
  }[]
  readonly streams?: readonly { readonly ids: readonly number[]; readonly steps: readonly string[] }[]
}

export function expectCases(tokenizer: Tokenizer, { cases, decodes, streams = [] }: TokenizerCases): void {
  for (const { text, ids, with_special: withSpecial } of cases) {
    expect(tokenizer.encode(text), JSON.stringify(text)).toEqual(ids)
    if (withSpecial !== undefined) expect(tokenizer.encode(text, { addSpecialTokens: true })).toEqual(withSpecial)
  }
  for (const { ids, decoded, decoded_all: all } of [...cases, ...decodes]) {
    if (decoded === undefined) continue
    const what = JSON.stringify(ids)
    expect(tokenizer.decode(ids), what).toBe(decoded)
    expect(tokenizer.decode(ids, { skipSpecialTokens: false }), what).toBe(all)
    expectStream(tokenizer, ids, decoded)
  }
  for (const { ids, steps } of streams) {
    expectStream(tokenizer, ids, steps.at(-1) ?? '')
    for (const [k, step] of steps.entries()) expect(tokenizer.decode(ids.slice(0, k + 1))).toBe(step)
  }
}

/** The pieces add up to the whole, and what was sent is never taken back. */
function expectStream(tokenizer: Tokenizer, ids: readonly number[], whole: string): void {
  const stream = tokenizer.createStreamDecoder()
  let text = ''
  for (const id of ids) {
    text += stream.push(id)
    expect(whole.startsWith(text)).toBe(true)
  }
  expect(text + stream.flush()).toBe(whole)
}
