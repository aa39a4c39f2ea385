import { expect, test } from 'vitest'
import type { GenerateOptions, Piece, Prepared } from '../../src/api.ts'
import { decode } from '../../src/generate/decode.ts'
import { generateSettings } from '../../src/generate/options.ts'
import { type Outcome, pieces } from '../../src/generate/pieces.ts'
import { PrefixReuse } from '../../src/generate/prefix-reuse.ts'
import { Stopwatch } from '../../src/generate/stopwatch.ts'
import { config, FakeEngine, open, withImage } from './fake-engine.ts'

/** Ids as letters; 2 and 3 are eos and have no text. */
const decoder = () => ({
  push: (id: number) => (id === 2 || id === 3 ? '' : String.fromCharCode(97 + id)),
  flush: () => '',
})

function stream(engine: FakeEngine, options: GenerateOptions = {}, run = open(engine), suppressed: number[] = []) {
  const settings = generateSettings(options)
  return pieces(decode(run, { config, settings, suppressed, stopwatch: new Stopwatch() }), decoder(), settings)
}

async function drain(generator: AsyncGenerator<Piece, Outcome>): Promise<{ shown: Piece[]; outcome: Outcome }> {
  const shown: Piece[] = []
  for (;;) {
    const { value, done } = await generator.next()
    if (done) return { shown, outcome: value }
    shown.push(value)
  }
}

for (const eos of [2, 3])
  test(`generation ends at eos ${eos}, which is kept in the ids`, async () => {
    const engine = new FakeEngine([5, 6, eos, 7], 7)
    const { shown, outcome } = await drain(stream(engine))
    expect(outcome).toMatchObject({ text: 'fg', ids: [5, 6, eos], finishReason: 'stop' })
    expect(shown.map(({ text }) => text)).toEqual(['f', 'g', ''])
    expect(engine.passes).toHaveLength(4)
  })

test('the most new tokens end it, and the last is not fed', async () => {
  const engine = new FakeEngine([5, 6, 7, 8, 9], 7)
  const { outcome } = await drain(stream(engine, { maxNewTokens: 3 }))
  expect(outcome).toMatchObject({ ids: [5, 6, 7], finishReason: 'length' })
  expect(engine.passes).toHaveLength(4)
})

test('the last position of the model ends it', async () => {
  const { outcome } = await drain(stream(new FakeEngine([], 7)))
  // Positions 7 .. 99 are fed, and the id chosen after the last of them is still an answer.
  expect(outcome.ids).toHaveLength(94)
  expect(outcome.finishReason).toBe('length')
})

test('a stop string ends it, cut off, with the ids that made it', async () => {
  const { shown, outcome } = await drain(stream(new FakeEngine([5, 6, 7, 8], 7), { stop: ['gh'] }))
  expect(outcome).toMatchObject({ text: 'f', ids: [5, 6, 7], finishReason: 'stop' })
  expect(shown.map(({ text }) => text)).toEqual(['f', '', ''])
})

test('text held back for a stop string comes with the last token', async () => {
  const { shown, outcome } = await drain(stream(new FakeEngine([5, 6, 2], 7), { stop: ['gh'] }))
  expect(shown.map(({ text }) => text)).toEqual(['f', '', 'g'])
  expect(outcome.text).toBe('fg')
})

test('stop strings do not see the prompt', async () => {
  const { outcome } = await drain(stream(new FakeEngine([5, 2], 7), { stop: ['jf'] }))
  expect(outcome.text).toBe('f')
})

test('break stops the model before the next token', async () => {
  const engine = new FakeEngine([5, 6, 7, 8, 9], 7)
  for await (const piece of stream(engine)) if (piece.ids[0] === 6) break
  expect(engine.passes).toHaveLength(3)
})

test('a throw in the loop stops the model and comes out as it is', async () => {
  const engine = new FakeEngine([5, 6, 7], 7)
  const error = new Error('mine')
  const loop = async () => {
    for await (const _ of stream(engine)) throw error
  }
  await expect(loop()).rejects.toBe(error)
  expect(engine.passes).toHaveLength(2)
})

test('nothing is computed before the first token is asked for', async () => {
  const engine = new FakeEngine([5], 7)
  const generator = stream(engine)
  expect(engine.passes).toEqual([])
  await generator.return({ text: '', ids: [], finishReason: 'abort', logprobs: [] })
  expect(engine.passes).toEqual([])
})

test('an abort is thrown with its reason', async () => {
  const engine = new FakeEngine([5, 6, 7], 7)
  const [control, reason] = [new AbortController(), new Error('enough')]
  engine.before = () => (engine.passes.length === 3 ? control.abort(reason) : undefined)
  await expect(drain(stream(engine, { signal: control.signal }))).rejects.toBe(reason)
  expect(engine.passes).toHaveLength(3)
})

test('an abort can return what there is, held-back text included', async () => {
  const engine = new FakeEngine([5, 6, 7, 8], 7)
  const control = new AbortController()
  engine.before = () => (engine.passes.length === 4 ? control.abort() : undefined)
  const options = { signal: control.signal, onAbort: 'return', stop: ['gx'] } as const
  const { shown, outcome } = await drain(stream(engine, options))
  expect(outcome).toMatchObject({ text: 'fg', ids: [5, 6], finishReason: 'abort' })
  expect(shown).toEqual([
    { text: 'f', ids: [5] },
    { text: '', ids: [6] },
    { text: 'g', ids: [] },
  ])
})

test('another error is thrown even when aborts return', async () => {
  const engine = new FakeEngine([5, 6], 7)
  const error = new Error('broken')
  const control = new AbortController()
  engine.before = () => {
    control.abort()
    throw error
  }
  await expect(drain(stream(engine, { signal: control.signal, onAbort: 'return' }))).rejects.toBe(error)
})

test('suppressed ids are never chosen', async () => {
  const { outcome } = await drain(stream(new FakeEngine([5], 7), { maxNewTokens: 1 }, undefined, [5]))
  expect(outcome.ids).toEqual([0])
})

test('a repetition penalty counts the prompt', async () => {
  const engine = new FakeEngine([9], 7)
  const { outcome } = await drain(stream(engine, { maxNewTokens: 1, repetitionPenalty: 1e38 }))
  // 9 is in the prompt: 5 / 1e38 is still above 0, the score of every other id.
  expect(outcome.ids).toEqual([9])
})

test('the same seed gives the same ids, another one others', async () => {
  const sample = async (seed: number) => {
    const { outcome } = await drain(stream(new FakeEngine([], 7), { temperature: 9, seed, maxNewTokens: 20 }))
    return outcome.ids
  }
  expect(await sample(1)).toEqual(await sample(1))
  expect(await sample(1)).not.toEqual(await sample(2))
})

test('logprobs belong to the raw logits', async () => {
  const { shown, outcome } = await drain(stream(new FakeEngine([5, 2], 7), { logprobs: 2 }))
  const wanted = 5 - Math.log(Math.exp(5) + 15)
  expect(outcome.logprobs).toHaveLength(2)
  expect(outcome.logprobs[0].logprob).toBeCloseTo(wanted, 6)
  expect(outcome.logprobs[0].top.map(({ id }) => id)).toEqual([5, 0])
  expect(shown[0].logprobs).toEqual([outcome.logprobs[0]])
})

test('a NaN among the logits is an error', async () => {
  for (const options of [{}, { temperature: 1 }, { logprobs: 0 }]) {
    const engine = new FakeEngine([5], 7)
    engine.spoil = (logits) => logits.fill(Number.NaN, 11, 13)
    const error = { code: 'E_LOGITS_NOT_FINITE', place: 'logit of id 11' }
    await expect(drain(stream(engine, options))).rejects.toThrow(expect.objectContaining(error))
  }
})

async function askTwice(second: Prepared, fail = false): Promise<number[]> {
  const engine = new FakeEngine([5, 2], 7)
  const reuse = new PrefixReuse(engine)
  for (const prepared of [withImage(), second]) {
    const run = open(engine, prepared, reuse.take(prepared))
    if (fail) engine.before = () => (engine.passes.length === 1 ? Promise.reject(new Error('broken')) : undefined)
    const onPass = (name: string) => (name === 'prefix' ? reuse.hold(prepared) : undefined)
    const settings = generateSettings({})
    const tokens = decode(run, { config, settings, suppressed: [], stopwatch: new Stopwatch(), onPass })
    await drain(pieces(tokens, decoder(), settings)).catch(() => {})
  }
  return engine.passes.map(({ ids }) => ids.length)
}

test('a second prompt about the same image does not run its prefix again', async () => {
  expect(await askTwice(withImage(undefined, [10, 11, 11, 12, 1, 5, 5]))).toEqual([4, 3, 1, 3, 1])
})

test('another image, or a prefix that failed, is run again', async () => {
  expect(await askTwice(withImage([9, 2, 3, 4, 5, 6]))).toEqual([4, 3, 1, 4, 3, 1])
  expect(await askTwice(withImage(), true)).toEqual([4, 4, 3, 1])
})
