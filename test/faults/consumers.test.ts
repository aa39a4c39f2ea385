// Consumers that throw, leave, forget their stream or come at the same time, on both backends: answers are never mixed,
// and the model goes on. The answers to compare with are those of a model that nobody disturbs.
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Question } from '../../src/api.ts'
import { Sail } from '../../src/node.ts'
import { image, model } from '../cli/tiny-a.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const questions: Question[] = [
  { prompt: 'what is it?', image },
  { prompt: 'what is in the hat?', image },
  { prompt: 'is it' },
]
const options = { maxNewTokens: 6, temperature: 2, seed: 11 }

describe.each(['reference', 'wasm'] as const)('%s', (backend) => {
  let sail: Sail
  let alone: number[][]
  beforeAll(async () => {
    alone = []
    for (const question of questions) {
      const own = await Sail.load(model, { backend })
      alone.push([...(await own.ask(question, options)).ids])
      await own.close()
    }
    sail = await Sail.load(model, { backend })
  })
  afterAll(() => sail.close())
  const answers = async () => {
    const all = questions.map((question) => sail.ask(question, options))
    return (await Promise.all(all)).map(({ ids }) => ids)
  }

  test('generations at once wait for each other and get their own answers', async () => {
    expect(await answers()).toEqual(alone)
    const streams = questions.map(async (question) => {
      const ids: number[] = []
      for await (const piece of sail.stream(question, options)) ids.push(...piece.ids)
      return ids
    })
    expect(await Promise.all(streams)).toEqual(alone)
  })

  test('a consumer that throws, and one that leaves, after each number of tokens', async () => {
    for (let n = 1; n <= options.maxNewTokens; n++) {
      const loop = async (end: () => void) => {
        let count = 0
        for await (const _ of sail.stream(questions[n % 3], options)) if (++count === n) return end()
      }
      const mine = () => {
        throw new Error('mine')
      }
      await expect(loop(mine)).rejects.toThrow('mine')
      await loop(() => {})
      const trace = sail.traceStream(questions[n % 3], { stages: ['**'] })
      for (let i = 0; i < n; i++) await trace.next()
      await trace.return()
      expect(await answers()).toEqual(alone)
    }
  })

  test('a consumer that never asks for the next token is left behind when its signal aborts', async () => {
    const control = new AbortController()
    const forgotten = sail.stream(questions[0], { ...options, signal: control.signal })
    const partial = sail.stream(questions[0], { ...options, signal: control.signal, onAbort: 'return' })
    const traced = sail.traceStream(questions[1], { stages: ['**'], signal: control.signal })
    await forgotten.next()
    const next = [partial.next(), traced.next()]
    const waiting = answers()
    control.abort(new Error('gone'))
    await expect(next[1]).rejects.toThrow('gone')
    expect(await waiting).toEqual(alone)
    await expect(forgotten.next()).rejects.toThrow('gone')
    expect((await next[0]).value).toMatchObject({ finishReason: 'abort', ids: [] })
    expect(await answers()).toEqual(alone)
  })

  test('one that kept a token comes back to its answer so far', async () => {
    const control = new AbortController()
    const kept = sail.stream(questions[1], { ...options, signal: control.signal, onAbort: 'return' })
    const { value: first } = await kept.next()
    const waiting = answers()
    control.abort()
    expect(await waiting).toEqual(alone)
    let last = await kept.next()
    while (!last.done) last = await kept.next()
    expect(last.value).toMatchObject({ finishReason: 'abort', ids: first!.ids })
  })

  test('a trace that is forgotten in the middle of a pass is left behind too', async () => {
    const control = new AbortController()
    const trace = sail.traceStream(questions[0], { stages: ['prefix.**'], signal: control.signal })
    await trace.next()
    const waiting = answers()
    control.abort(new Error('gone'))
    expect(await waiting).toEqual(alone)
    await expect(trace.next()).rejects.toThrow('gone')
  })
})
