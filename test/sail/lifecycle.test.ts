// Turns, aborts and closing, on a small model that PyTorch's cases already hold to account.
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { Sail } from '../../src/node.ts'
import { root } from '../support/golden.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const folder = `${root}golden/cases/`
const image = `${folder}images/noise-40x26.png`
const long = { prompt: 'what is in the hat?', image }
const code = (code: string) => expect.objectContaining({ code })

let sail: Sail
beforeAll(async () => {
  sail = await Sail.load(`${folder}models/tiny-a`)
})
afterAll(() => sail.close())

test('two calls at once take turns in order', async () => {
  const order: string[] = []
  const call = async (name: string, maxNewTokens: number) => {
    for await (const _ of sail.stream(long, { maxNewTokens })) order.push(name)
  }
  await Promise.all([call('a', 4), call('b', 1), call('c', 2)])
  expect(order.join('')).toBe('aaaabcc')
})

test('a break hands the turn on', async () => {
  for await (const _ of sail.stream(long)) break
  expect((await sail.ask(long, { maxNewTokens: 1 })).ids).toHaveLength(1)
})

test('a throw in the loop hands the turn on', async () => {
  const loop = async () => {
    for await (const _ of sail.stream(long)) throw new Error('mine')
  }
  await expect(loop()).rejects.toThrow('mine')
  expect((await sail.ask(long, { maxNewTokens: 1 })).ids).toHaveLength(1)
})

test('one who waits can leave the queue', async () => {
  const stream = sail.stream(long)
  await stream.next()
  const control = new AbortController()
  const waiting = sail.ask(long, { signal: control.signal })
  const partial = sail.ask(long, { signal: control.signal, onAbort: 'return' })
  const next = sail.ask(long, { maxNewTokens: 1 })
  control.abort(new Error('too slow'))
  await expect(waiting).rejects.toThrow('too slow')
  expect(await partial).toMatchObject({ ids: [], text: '', finishReason: 'abort' })
  await stream.return(undefined as never)
  expect((await next).ids).toHaveLength(1)
})

test('an aborted signal does no work', async () => {
  const signal = AbortSignal.abort(new Error('before'))
  const never = { image: `${folder}there-is-no-such.png`, prompt: '' }
  await expect(sail.ask(never, { signal })).rejects.toThrow('before')
  await expect(sail.features(never.image, { signal })).rejects.toThrow('before')
  await expect(sail.trace(never, { stages: ['**'], signal })).rejects.toThrow('before')
  await expect(sail.prepare(never, { signal })).rejects.toThrow('before')
  await expect(Sail.load('no such folder', { signal })).rejects.toThrow('before')
})

test('an abort while decoding can return the partial answer', async () => {
  const control = new AbortController()
  const stream = sail.stream(long, { signal: control.signal, onAbort: 'return' })
  await stream.next()
  await stream.next()
  control.abort()
  const { done, value } = await stream.next()
  const answer = done ? value : (await stream.next()).value
  expect(answer).toMatchObject({ finishReason: 'abort' })
  expect(answer.ids).toHaveLength(2)
})

test('after close every use is E_CLOSED, and closing again is fine', async () => {
  const own = await Sail.load(`${folder}models/tiny-a`)
  const prepared = await own.prepare(long)
  const run = own.open(prepared)
  await own.close()
  await own.close()
  await expect(own.ask(long)).rejects.toThrow(code('E_CLOSED'))
  await expect(own.stream(long).next()).rejects.toThrow(code('E_CLOSED'))
  await expect(own.features(image)).rejects.toThrow(code('E_CLOSED'))
  await expect(own.trace(long, { stages: ['**'] })).rejects.toThrow(code('E_CLOSED'))
  await expect(own.prepare(long)).rejects.toThrow(code('E_CLOSED'))
  await expect(run.pass('prefix', {})).rejects.toThrow(code('E_CLOSED'))
  expect(() => own.open(prepared)).toThrow(code('E_CLOSED'))
})

test('close stops what runs and what waits', async () => {
  const own = await Sail.load(`${folder}models/tiny-a`, { backend: 'reference' }) // slow enough to be running still
  const running = own.ask(long, { maxNewTokens: 500, temperature: 9, topK: 0, seed: 1 })
  const waiting = own.ask(long)
  const stopped = [running, waiting].map((answer) => expect(answer).rejects.toThrow(code('E_CLOSED')))
  await new Promise((resolve) => setImmediate(resolve)) // a turn and no time, so that a busy machine is no further on
  await own.close()
  await Promise.all(stopped)
})

test('a stream that was left open learns that its model is closed', async () => {
  const own = await Sail.load(`${folder}models/tiny-a`)
  const stream = own.stream(long)
  await stream.next()
  await own.close()
  await expect(stream.next()).rejects.toThrow(code('E_CLOSED'))
})

test('a trace hands out each stage while the pass runs; leaving it stops the pass', async () => {
  const trace = sail.traceStream(long, { stages: ['prefix.**'] })
  const first = await trace.next()
  expect(first.value).toMatchObject({ name: 'prefix.embed' })
  const waiting = sail.ask(long, { maxNewTokens: 1 })
  await trace.return()
  expect((await waiting).ids).toHaveLength(1)
})

test('a trace that was left open does not keep its model from closing', async () => {
  const own = await Sail.load(`${folder}models/tiny-a`)
  const trace = own.traceStream(long, { stages: ['prefix.**'] })
  await trace.next()
  await own.close()
  await expect(trace.next()).rejects.toThrow(code('E_CLOSED'))
})

test('a trace stops at an abort', async () => {
  const control = new AbortController()
  const trace = sail.traceStream(long, { stages: ['prefix.**'], signal: control.signal })
  await trace.next()
  control.abort(new Error('enough'))
  await expect(trace.next()).rejects.toThrow('enough')
})

test('Symbol.asyncDispose closes, whether the engine knows the symbol or not', async () => {
  const own = await Sail.load(`${folder}models/tiny-a`)
  await own[(Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose')) as typeof Symbol.asyncDispose]()
  await expect(own.ask(long)).rejects.toThrow(code('E_CLOSED'))
})
