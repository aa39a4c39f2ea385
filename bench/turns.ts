// Two things compared in turns: base, job, base, job, .. base. A machine that drifts by a fifth between minutes does not
// within a second, so the ratio of a turn (the job against the base before and after it) says more than two medians.
// tinybench repeats the turns.
import { Bench } from 'tinybench'
import { type Spread, spread } from '../src/cli/bench/spread.ts'

/** Both rates, and the second over the first in each turn. */
export interface Turns {
  readonly base: Spread
  readonly rate: Spread
  readonly ratio: Spread
}

/** One measurement, as a rate. */
export type Sample = () => Promise<number>

const LEAST = 3

/** @param seconds that turns are repeated for, three at least */
export async function inTurns(base: Sample, job: Sample, seconds: number): Promise<Turns> {
  const [bases, rates, ratios]: number[][] = [[await base()], [], []]
  const bench = new Bench({ time: seconds * 1000, iterations: LEAST, warmup: false })
  bench.add('turns', async () => {
    const rate = await job()
    bases.push(await base())
    rates.push(rate)
    ratios.push((2 * rate) / (bases.at(-2)! + bases.at(-1)!))
  })
  const [{ result }] = await bench.run()
  if (result.state === 'errored') throw result.error
  if (result.state !== 'completed') throw new Error(`the timing ended as ${result.state}`)
  return { base: spread(bases), rate: spread(rates), ratio: spread(ratios) }
}
