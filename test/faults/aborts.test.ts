// A hundred aborts a backend, each at a moment drawn from a seed: while the model is loaded, in the prefix, while tokens
// come. The caller gets the reason within two seconds and never another error; what runs next is what it always was.
import { beforeAll, expect, test, vi } from 'vitest'
import type { Answer, Question, RawImage } from '../../src/api.ts'
import { createRandom } from '../../src/generate/random.ts'
import type { Sail as Class } from '../../src/node.ts'
import { model } from '../cli/tiny-a.ts'
import { built } from '../support/cli.ts'
import { root } from '../support/golden.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })
beforeAll(built)

const side = 140
const image: RawImage = {
  width: side,
  height: side,
  data: new Uint8Array(side * side * 3).map((_, i) => (i * 7919) % 251),
}
const question: Question = { image, prompt: 'what is it?' }
const settings = { maxNewTokens: 20, temperature: 2, seed: 3 }

/** Awaits the work and says whether it was aborted, and how long after; every other outcome is passed on. */
async function outcome<T>(work: Promise<T>, control: AbortController): Promise<{ value: T } | { ms: number }> {
  let at = 0
  control.signal.addEventListener('abort', () => {
    at = performance.now()
  })
  try {
    return { value: await work }
  } catch (error) {
    if (!control.signal.aborted || error !== control.signal.reason) throw error
    return { ms: performance.now() - at }
  }
}

/** Aborts after a share of the time that the work takes when it is left alone. */
function after(ms: number): AbortController {
  const control = new AbortController()
  setTimeout(() => control.abort(new Error('enough')), ms)
  return control
}

test.each([
  ['reference', {}],
  ['wasm', { threads: 2 }],
] as const)('a hundred aborts at drawn moments on %s', async (backend, own) => {
  const { Sail }: { Sail: typeof Class } = await import(`${root}dist/node.js`) // with real workers
  const random = createRandom(20_26)
  const load = (signal?: AbortSignal) => Sail.load(model, { backend, ...own, ...(signal && { signal }) })

  const timed = async <T>(work: () => Promise<T>): Promise<[T, number]> => {
    const start = performance.now()
    return [await work(), performance.now() - start]
  }
  const [first, loadMs] = await timed(() => load())
  const wanted = (await first.ask(question, settings)).ids
  await first.close()

  let worst = 0
  let [inLoad, inAnswer, finished] = [0, 0, 0]
  const note = (found: { value: unknown } | { ms: number }): boolean => {
    if ('value' in found) finished++
    else worst = Math.max(worst, found.ms)
    return 'ms' in found
  }
  for (let i = 0; i < 30; i++) {
    const control = after(random() * loadMs)
    const found = await outcome(load(control.signal), control)
    if (note(found)) inLoad++
    else if ('value' in found) await found.value.close()
  }
  const sail = await load()
  // Every other question is about the picture of before, so that the prefix in the cache is met whole and in part.
  let [, askMs] = await timed(() => sail.ask(question, settings))
  for (let i = 0; i < 70; i++) {
    const control = after(random() * askMs)
    const onAbort = i % 3 === 0 ? 'return' : 'throw'
    const own = i % 2 === 0 ? question : { ...question, image: { ...image, data: image.data.map((v) => v ^ i) } }
    const found = await outcome(sail.ask(own, { ...settings, onAbort, signal: control.signal }), control)
    if (note(found) || ('value' in found && (found.value as Answer).finishReason === 'abort')) inAnswer++
    if (i % 10 !== 9) continue
    const [{ ids }, ms] = await timed(() => sail.ask(question, settings))
    expect(ids).toEqual(wanted)
    askMs = Math.min(askMs, 2 * ms) // this one found its prefix in the cache
  }
  expect((await sail.ask(question, settings)).ids).toEqual(wanted)
  await sail.close()
  expect(worst).toBeLessThan(2000)
  expect([inLoad > 5, inAnswer > 10], `${inLoad} in loads, ${inAnswer} in answers, ${finished} too late`).toEqual([
    true,
    true,
  ])
})
