// Whole passes of ours through the library's own interface, in any engine: prefix passes of rising size with the logits of
// their last token, as other programs' prompt passes are, then single tokens behind the largest. With `stage` the passes
// end there (layers.0.out: one layer). `grow`: at last the context is filled with text, for the memory that it takes.
import type { Prepared, Run } from '../src/api.ts'
import { randomSequence } from '../src/cli/bench/sequence.ts'
import type { Sail } from '../src/sail.ts'

type Model = Pick<Sail, 'config' | 'open'>

export interface PassJob {
  /** Of each prefix pass. */
  readonly tokens: readonly number[]
  readonly runs: number
  readonly steps: number
  readonly stage?: string
  /** Tokens of context at the end. */
  readonly grow?: number
}

/** Seconds of every pass by its tokens, and of every token behind the largest. */
export interface PassTimes {
  readonly prefix: Readonly<Record<number, readonly number[]>>
  readonly decode: readonly number[]
}

const NEXT = 'next_logits'
/** Uncounted, of one layer: an engine compiles a kernel well only after it has run for a while. */
const [WARM_STAGE, WARM_PASSES, WARM_STEPS] = ['layers.0.out', 3, 20]

export async function passTimes(sail: Model, { tokens, runs, steps, stage = NEXT, grow }: PassJob): Promise<PassTimes> {
  const whole = stage === NEXT
  const prefix: Record<number, number[]> = {}
  const first = randomSequence(sail.config, tokens[0] - 2)
  await times(WARM_PASSES, () => onRun(sail, first, (run) => pass(run, WARM_STAGE, false)))
  for (const count of whole ? tokens.slice(0, -1) : tokens) {
    const prepared = randomSequence(sail.config, count - 2)
    prefix[count] = await times(runs, () => onRun(sail, prepared, (run) => pass(run, stage, whole)))
  }
  const last = tokens.at(-1)!
  const sequence = randomSequence(sail.config, last - 2)
  if (whole) prefix[last] = await times(runs - 1, () => onRun(sail, sequence, (run) => pass(run, NEXT, true)))
  return onRun(sail, sequence, async (run) => {
    const seconds = await pass(run, NEXT, true)
    if (whole) prefix[last].push(seconds)
    const step = (end: string) => (): Promise<number> => timed(() => run.step(1, { stages: [end], keep: false }))
    await times(WARM_STEPS, step(WARM_STAGE))
    await times(2, step(stage))
    const decode = await times(steps, step(stage))
    if (grow !== undefined && grow > last) await fill(run, sail, grow)
    return { prefix, decode }
  })
}

function pass(run: Run, stage: string, keep: boolean): Promise<number> {
  return timed(() => run.pass(run.prepared.passes[0].name, { stages: [stage], keep }))
}

/** A run reads its sequence at every pass: here it grows by a pass of text. */
async function fill(run: Run, { config }: Model, length: number): Promise<void> {
  const from = run.length
  const { ids, positions, patchIndices } = randomSequence({ ...config, patchSize: null }, length - 2)
  const more: Partial<Prepared> = {
    ...{ ids, positions, patchIndices, nextPosition: length },
    passes: [...run.prepared.passes, { name: 'more', from, to: length, mask: { kind: 'causal', window: null } }],
  }
  Object.assign(run.prepared, more)
  await run.pass('more', { stages: [NEXT] })
}

async function onRun<T>(sail: Model, prepared: Prepared, work: (run: Run) => Promise<T>): Promise<T> {
  const run = sail.open(prepared)
  try {
    return await work(run)
  } finally {
    run.close()
  }
}

async function times(count: number, work: () => Promise<number>): Promise<number[]> {
  const all: number[] = []
  for (let n = 0; n < count; n++) all.push(await work())
  return all
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}
