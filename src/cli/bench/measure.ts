// Times of passes and tokens. A prefix pass is measured with the logits of its last token, as other programs' prompt passes
// are, a token with what a greedy choice asks for. `layer` is the first layer alone: the pass is cut behind it. Warm-up: the
// layer runs first, some of its runs uncounted, because the engine compiles a kernel well only after it has run for a while.
import type { Prepared, Run, Sail } from '../../node.ts'
import { randomSequence } from './sequence.ts'
import { type Spread, spread } from './spread.ts'

export interface PassTime {
  readonly tokens: number
  readonly seconds: Spread
}

export interface Measured {
  readonly prefix: readonly PassTime[]
  /** One token behind the largest prefix. */
  readonly decode: { readonly context: number; readonly seconds: Spread }
  readonly layer: { readonly prefix: readonly PassTime[]; readonly decode: Spread }
}

export interface Sizes {
  readonly patches: readonly number[]
  readonly steps: number
  readonly runs: number
  readonly signal: AbortSignal
}

const NEXT = 'next_logits'
const TOP = 'next_top'
const LAYER = 'layers.0.out'
const WARM = 3

/** `profile` is called in the middle: with a pass of the smallest size, and with a token behind the largest. */
export async function measure(sail: Sail, sizes: Sizes, profile: Profile): Promise<Measured> {
  const { patches, runs, signal } = sizes
  const layer: PassTime[] = []
  for (const count of patches) {
    const prepared = randomSequence(sail.config, count)
    const one = (): Promise<number> => onRun(sail, prepared, (run) => passTime(run, LAYER, signal))
    for (let n = 0; n < WARM; n++) await one()
    layer.push({ tokens: prepared.ids.length, seconds: spread(await times(runs, one)) })
  }
  const prefix: PassTime[] = []
  for (const count of patches.slice(0, -1)) {
    const prepared = randomSequence(sail.config, count)
    const one = (): Promise<number> => onRun(sail, prepared, (run) => passTime(run, NEXT, signal))
    prefix.push({ tokens: prepared.ids.length, seconds: spread(await times(runs, one)) })
  }
  await onRun(sail, randomSequence(sail.config, patches[0]), (run) => profile(() => passTime(run, NEXT, signal)))
  const last = randomSequence(sail.config, patches.at(-1)!)
  const seconds = await times(runs - 1, () => onRun(sail, last, (run) => passTime(run, NEXT, signal)))
  return onRun(sail, last, async (run) => {
    seconds.push(await passTime(run, NEXT, signal))
    prefix.push({ tokens: last.ids.length, seconds: spread(seconds) })
    return { prefix, ...(await decodeTimes(run, sail.config.dims.V, layer, sizes, profile)) }
  })
}

type Profile = (work: () => Promise<unknown>) => Promise<unknown>

async function decodeTimes(
  run: Run,
  V: number,
  layer: readonly PassTime[],
  { steps, signal }: Sizes,
  profile: Profile,
): Promise<Pick<Measured, 'decode' | 'layer'>> {
  const step = (stage: string, keep: boolean): Promise<number> =>
    seconds(() => run.step(1, { stages: [stage], top: { count: 1, below: V }, keep, signal }))
  const context = run.length
  for (let n = 0; n < WARM; n++) await step(TOP, false)
  await profile(() => step(TOP, false))
  const whole = await times(steps, () => step(TOP, false))
  for (let n = 0; n < WARM * 10; n++) await step(LAYER, false)
  const one = await times(steps, () => step(LAYER, false))
  return { decode: { context, seconds: spread(whole) }, layer: { prefix: layer, decode: spread(one) } }
}

async function passTime(run: Run, stage: string, signal: AbortSignal): Promise<number> {
  const [{ name }] = run.prepared.passes
  return seconds(() => run.pass(name, { stages: [stage], keep: stage === NEXT, signal }))
}

async function times(count: number, work: () => Promise<number>): Promise<number[]> {
  const all: number[] = []
  for (let n = 0; n < count; n++) all.push(await work())
  return all
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

async function onRun<T>(sail: Sail, prepared: Prepared, work: (run: Run) => Promise<T>): Promise<T> {
  const run = sail.open(prepared)
  try {
    return await work(run)
  } finally {
    run.close()
  }
}
