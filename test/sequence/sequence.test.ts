import { describe, expect, test } from 'vitest'
import { type Family, families } from '../../src/config/family.ts'
import { checkFits } from '../../src/sequence/check-fits.ts'
import { maskTensor, sequenceMask } from '../../src/sequence/mask.ts'
import { planPasses } from '../../src/sequence/passes.ts'
import { buildSequence, type Sequence, type SequenceRequest } from '../../src/sequence/sequence.ts'

/** Tokens: the names below, else one id a character. */
const names = ['<s>', '</s>', '<vision>', '<vpatch>', '</vision>', '<loc_0>']
const ids: readonly number[] = [1, 2, 200, 201, 204, 205]
const tokenId = (name: string): number => ids[names.indexOf(name)]
const encode: SequenceRequest['encode'] = (text, { addSpecialTokens }) => [
  ...(addSpecialTokens ? [1] : []),
  ...(text.match(/<[a-z_/0-9]+>|./gsu) ?? []).map((part) =>
    names.includes(part) ? tokenId(part) : part.charCodeAt(0) % 128,
  ),
]
const build = (family: Family, grid: [number, number] | null, prompt: string, raw = false): Sequence =>
  buildSequence({ family, encode, tokenId, grid, prompt, raw })
const code = (name: string) => expect.objectContaining({ name: 'SailError', code: name })

const text = (ids: Int32Array): string => String.fromCharCode(...ids)

describe('a sequence with an image', () => {
  test('has the image before <s>, numbered patches, and positions that cost the longer side', () => {
    const { ids, patchIndices, positions, prefixLength, nextPosition } = build(families.sail, [2, 3], '')
    expect([...ids.subarray(0, 9)]).toEqual([200, 201, 201, 201, 201, 201, 201, 204, 1])
    expect(text(ids.subarray(9))).toBe('[INST]  [/INST]')
    expect([...patchIndices.subarray(0, 9)]).toEqual([-1, 0, 1, 2, 3, 4, 5, -1, -1])
    const T = ids.length
    expect([...positions.subarray(0, 9)]).toEqual([0, 1, 1, 1, 1, 1, 1, 4, 5])
    expect([...positions.subarray(T, T + 9)]).toEqual([0, 1, 1, 1, 2, 2, 2, 4, 5])
    expect([...positions.subarray(2 * T, 2 * T + 9)]).toEqual([0, 1, 2, 3, 1, 2, 3, 4, 5])
    expect(prefixLength).toBe(8)
    expect(nextPosition).toBe(positions[T - 1] + 1)
    expect(nextPosition).toBe(T - 6 + 3)
  })

  test('is encoded in one call', () => {
    const calls: string[] = []
    const spy: SequenceRequest['encode'] = (t, options) => {
      calls.push(t)
      return encode(t, options)
    }
    buildSequence({ family: families.sail, encode: spy, tokenId, grid: [1, 2], prompt: 'hi', raw: false })
    expect(calls).toEqual(['<vision><vpatch><vpatch></vision><s>[INST] hi [/INST]'])
  })

  test('takes braces and dollar signs of a prompt as they are', () => {
    const { ids } = build(families.sail, [1, 1], '{bos}$&{prompt}')
    expect(text(ids.subarray(4))).toBe('[INST] {bos}$&{prompt} [/INST]')
  })

  test('sends a raw prompt without the template', () => {
    expect([...build(families.sail, [1, 1], 'a', true).ids]).toEqual([200, 201, 204, 97])
  })

  test('refuses prompts that spell image tokens, an empty raw prompt, and bad grids', () => {
    expect(() => build(families.sail, [1, 1], '<vpatch>')).toThrow(code('E_SEQUENCE_PATCH_TOKENS'))
    expect(() => build(families.sail, [1, 1], '<vision>')).toThrow(code('E_SEQUENCE_VISION_TOKENS'))
    expect(() => build(families.sail, [1, 1], '<loc_0>')).toThrow(code('E_SEQUENCE_VISION_TOKENS'))
    expect(() => build(families.sail, [1, 1], '', true)).toThrow(code('E_SEQUENCE_EMPTY'))
    expect(() => build(families.sail, [0, 5], 'a')).toThrow(code('E_SEQUENCE_GRID'))
    expect(() => build(families.sail, [Number.NaN, 5], 'a')).toThrow(code('E_SEQUENCE_GRID'))
    expect(() => build(families.sail, [1e6, 1e6], 'a')).toThrow(code('E_SEQUENCE_GRID'))
  })

  test('cannot be built for a text-only family', () => {
    expect(() => build(families.text, [1, 1], 'a')).toThrow(code('E_MODEL_NO_VISION'))
  })
})

describe('a sequence without an image', () => {
  test('uses the template of SAIL, with one causal pass', () => {
    const sequence = build(families.sail, null, 'hi')
    expect(sequence.ids[0]).toBe(1)
    expect(text(sequence.ids.subarray(1))).toBe('[INST] hi [/INST]')
    expect(sequence.prefixLength).toBe(0)
    expect(sequence.patchIndices.every((index) => index === -1)).toBe(true)
    const T = sequence.ids.length
    expect([...sequence.positions]).toEqual(Array.from({ length: 3 * T }, (_, i) => i % T))
    expect(planPasses(families.sail, sequence, 7)).toEqual([
      { name: 'text', from: 0, to: T, mask: { kind: 'causal', window: 7 } },
    ])
  })

  test('is refused where it spells image tokens', () => {
    expect(() => build(families.sail, null, '<vpatch>')).toThrow(code('E_SEQUENCE_PATCH_TOKENS'))
  })

  test('of a text checkpoint is the prompt with the tokens of the post-processor, raw without', () => {
    expect([...build(families.text, null, 'ab').ids]).toEqual([1, 97, 98])
    expect([...build(families.text, null, 'ab', true).ids]).toEqual([97, 98])
    expect([...build(families.text, null, '').ids]).toEqual([1])
    expect(() => build(families.text, null, '', true)).toThrow(code('E_SEQUENCE_EMPTY'))
  })
})

describe('masks', () => {
  test('hide what comes later, and with a window what is too old', () => {
    expect([...maskTensor({ kind: 'causal', window: null }, 2, 4).data]).toEqual([1, 1, 1, 0, 1, 1, 1, 1])
    expect([...maskTensor({ kind: 'causal', window: 2 }, 2, 4).data]).toEqual([0, 1, 1, 0, 0, 0, 1, 1])
    expect([...maskTensor({ kind: 'full', window: null }, 2, 2).data]).toEqual([1, 1, 1, 1])
  })

  test('of a whole sequence are causal or both in the prefix', () => {
    const mask = sequenceMask(4, 2)
    expect(mask.shape).toEqual([4, 4])
    expect([...mask.data]).toEqual([1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 1])
  })

  test('of the passes: the window holds in the text pass only', () => {
    const sequence = build(families.sail, [1, 2], 'hi')
    expect(planPasses(families.sail, sequence, 3).map((pass) => pass.mask)).toEqual([
      { kind: 'full', window: null },
      { kind: 'causal', window: 3 },
    ])
  })
})

describe('the model must have room', () => {
  const dims = { D: 8, L: 1, H: 1, G: 1, E: 8, F: 8, V: 256 }
  const T = build(families.sail, [4, 4], '').ids.length

  test('an image costs its longer side, not its patches', () => {
    const sequence = build(families.sail, [4, 4], '')
    expect(() => checkFits(sequence, { dims, maxPositions: T - 16 + 4 })).not.toThrow()
    expect(() => checkFits(sequence, { dims, maxPositions: T - 16 + 3 })).toThrow(code('E_SEQUENCE_TOO_LONG'))
  })

  test('ids beyond the embedding table are named', () => {
    const sequence = build(families.sail, [4, 4], '')
    expect(() => checkFits(sequence, { dims: { ...dims, V: 204 }, maxPositions: T })).toThrow(code('E_SEQUENCE_ID'))
  })
})
